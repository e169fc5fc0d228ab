// A slow disk for scripts/soak: while the file SLOW_DISK exists, each sync takes 0.3 s longer.
//   cc -shared -fPIC -o slow_disk.so slow_disk.c;  SLOW_DISK=/tmp/slow LD_PRELOAD=./slow_disk.so PROGRAM
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void delay(void) {
    const char *file = getenv("SLOW_DISK");
    struct timespec left = {0, 300 * 1000 * 1000};
    if (file && access(file, F_OK) == 0) {
        while (nanosleep(&left, &left) != 0) {
        }
    }
}

int fsync(int file) {
    delay();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}

int fdatasync(int file) {
    delay();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}
