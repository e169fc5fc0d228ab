//! How a document is inspected safely: sandboxing of the inspecting process, before it reads
//! untrusted bytes, with limits on memory, time, files, processes and the network.

use std::io;
use std::path::Path;
use std::process::Command;

use super::inspect::{MAX_WRITTEN, Verdict};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Maximum address space of an inspecting process, in bytes. A progressive JPEG of 32 million
/// pixels takes 230 MiB.
pub const MEMORY: u64 = 512 * 1024 * 1024;
/// Maximum CPU time, in seconds.
pub const PROCESSOR_SECONDS: u64 = 5;

/// Maximum file size, in case standard output is a file: a verdict and a document.
const FILE: u64 = (MAX_WRITTEN + Verdict::MAX) as u64;

/// Limits besides [`MEMORY`] and [`PROCESSOR_SECONDS`]: no forks and no core dumps. Starting the
/// program needs some file descriptors.
const OTHERS: [(Resource, u64); 4] =
    [(Resource::Fsize, FILE), (Resource::Nofile, 16), (Resource::Core, 0), (Resource::Nproc, 0)];

/// Returns whether the memory limit is not in force yet.
pub fn is_unlimited() -> bool {
    getrlimit(Resource::As).current.is_none_or(|most| most > MEMORY)
}

/// Sets the limits, and replaces the process with `program`, with `arguments` and an empty
/// environment. The restart is necessary because an allocator that has reserved address space
/// earlier would not respect the limit. Returns only on failure.
///
/// # Errors
/// Always returns why it failed.
pub fn restart_limited(program: &Path, arguments: &[&str]) -> io::Error {
    use std::os::unix::process::CommandExt as _;

    match limit() {
        Ok(()) => Command::new(program).arg0("tenure").args(arguments).env_clear().exec(),
        Err(error) => error,
    }
}

fn limit() -> io::Result<()> {
    // The soft limit sends SIGXCPU, the hard limit one second later SIGKILL.
    let processor = Rlimit { current: Some(PROCESSOR_SECONDS), maximum: Some(PROCESSOR_SECONDS + 1) };
    setrlimit(Resource::Cpu, processor)?;
    setrlimit(Resource::As, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) })?;
    for (resource, most) in OTHERS {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Sets the limits, and permanently forbids every system call except those for memory and open
/// files.
///
/// # Errors
/// The system does not support it.
pub fn confine() -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("this process cannot be confined: {error}");
    limit().map_err(|error| failed(&error))?;
    forbid_system_calls().map_err(|error| failed(&error))
}

#[cfg(not(target_os = "linux"))]
fn forbid_system_calls() -> Result<(), std::convert::Infallible> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn forbid_system_calls() -> Result<(), Box<dyn std::error::Error>> {
    use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule};

    const ALLOWED: [libc::c_long; 27] = [
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_lseek,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_restart_syscall,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_sched_yield,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_getcpu,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];

    rustix::thread::set_no_new_privs(true)?;
    let mut rules: std::collections::BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.into_iter().map(|call| (call, Vec::new())).collect();
    // abort() sends a signal to its own process.
    let oneself = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, std::process::id().into())?;
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![oneself])?]);
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, denied, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)?;
    Ok(())
}
