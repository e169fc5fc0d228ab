//! A TCP proxy that can drop connections or stop forwarding.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Forwards between clients and a server on this machine.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The port that it listens on.
    pub port: u16,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    /// Connections up to this number stay open, but nothing is forwarded.
    silent: Arc<AtomicUsize>,
    is_cut: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts in front of `server`.
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let proxy = Self { port, streams: Arc::default(), silent: Arc::default(), is_cut: Arc::default() };
        let own = proxy.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Ok(onward) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                if own.is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let ends = [(&stream, &onward), (&onward, &stream)]
                    .map(|(from, to)| (from.try_clone().expect("an end"), to.try_clone().expect("an end")));
                let mut streams = own.streams.lock().expect("no panic");
                streams.extend([stream, onward]);
                let number = streams.len() / 2;
                drop(streams);
                for (from, to) in ends {
                    let own = own.clone();
                    std::thread::spawn(move || own.hand_on(number, from, to));
                }
            }
        });
        proxy
    }

    fn hand_on(&self, number: usize, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if number > self.silent.load(Ordering::SeqCst) && to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    }

    /// Stops forwarding on existing connections; new ones work.
    pub fn hush(&self) {
        self.silent.store(self.streams.lock().expect("no panic").len() / 2, Ordering::SeqCst);
    }

    /// Closes all connections and accepts no new ones.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in self.streams.lock().expect("no panic").iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Accepts connections again.
    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}
