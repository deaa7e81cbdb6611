//! A TCP proxy between the plugin and the server, and the weather that it makes. It knows HTTP/2's frames, so that it can stop
//! before the n-th RPC.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What happens to the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    /// It passes.
    Fair,
    /// Connections are closed as soon as they are made.
    Absent,
    /// What the server says comes late.
    Slow(Duration),
    /// What the server says is noise.
    Garbled,
    /// The server's connection is cut after that many bytes of its answers.
    CutAfter(usize),
    /// The server says nothing after that many bytes, and the connection stays.
    SilentAfter(usize),
    /// So many RPCs pass; the next one is held until the weather is another.
    HoldAfter(usize),
    /// So many RPCs pass; the connection is cut in place of the next one, and all later ones.
    CutInPlaceOfRpc(usize),
}

struct State {
    weather: Weather,
    rpcs: usize,
    bytes: usize,
    held: bool,
    connections: Vec<TcpStream>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The proxy.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Listens, and passes on to the server.
    pub(super) fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { weather: Weather::Fair, rpcs: 0, bytes: 0, held: false, connections: Vec::new() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                accepting.accept(client.unwrap(), server);
            }
        });
        Self { address, shared }
    }

    /// Changes the weather; counting begins anew. Connections stay, unless there shall be none.
    pub(super) fn set(&self, weather: Weather) {
        let mut state = self.shared.lock();
        (state.weather, state.rpcs, state.bytes, state.held) = (weather, 0, 0, false);
        if weather == Weather::Absent {
            state.cut();
        }
        self.shared.changed.notify_all();
    }

    /// Waits until an RPC is held.
    pub(super) fn until_held(&self) {
        let state = self.shared.lock();
        let (state, _) =
            self.shared.changed.wait_timeout_while(state, Duration::from_secs(10), |state| !state.held).unwrap();
        assert!(state.held, "no RPC came to be held");
    }
}

impl State {
    fn cut(&mut self) {
        for connection in self.connections.drain(..) {
            let _closed_already = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, client: TcpStream, server: SocketAddr) {
        if self.lock().weather == Weather::Absent {
            return;
        }
        let Ok(server) = TcpStream::connect(server) else { return };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        {
            let mut state = self.lock();
            state.connections.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
        }
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let _ended = shared.questions(from.try_clone().unwrap(), to.try_clone().unwrap());
            let _closed_already = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let _ended = shared.answers(server.try_clone().unwrap(), client.try_clone().unwrap());
            let _closed_already = (server.shutdown(Shutdown::Both), client.shutdown(Shutdown::Both));
        });
    }

    /// From the plugin to the server, frame by frame.
    fn questions(&self, mut from: TcpStream, mut to: TcpStream) -> std::io::Result<()> {
        let mut preface = [0; 24];
        from.read_exact(&mut preface)?;
        to.write_all(&preface)?;
        loop {
            let mut frame = vec![0; 9];
            from.read_exact(&mut frame)?;
            let length = frame[..3].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            let is_headers = frame[3] == 1;
            frame.resize(9 + length, 0);
            from.read_exact(&mut frame[9..])?;
            if is_headers && !self.lets_pass() {
                return Ok(());
            }
            to.write_all(&frame)?;
        }
    }

    /// Counts an RPC; waits when it is to be held. False: the connection is to be cut.
    fn lets_pass(&self) -> bool {
        let mut state = self.lock();
        state.rpcs += 1;
        match state.weather {
            Weather::HoldAfter(passing) if state.rpcs > passing => {
                state.held = true;
                self.changed.notify_all();
                drop(self.changed.wait_while(state, |state| matches!(state.weather, Weather::HoldAfter(_))));
                true
            }
            Weather::CutInPlaceOfRpc(passing) => state.rpcs <= passing,
            _ => true,
        }
    }

    /// From the server to the plugin.
    fn answers(&self, mut from: TcpStream, mut to: TcpStream) -> std::io::Result<()> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = from.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            let (weather, before) = {
                let mut state = self.lock();
                state.bytes += count;
                (state.weather, state.bytes - count)
            };
            let bytes = &mut buffer[..count];
            match weather {
                Weather::Slow(delay) => thread::sleep(delay),
                Weather::Garbled => bytes.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(31).wrapping_add(17)),
                Weather::CutAfter(most) if before + count > most => {
                    return to.write_all(&bytes[..most.saturating_sub(before).min(count)]);
                }
                Weather::SilentAfter(most) if before + count > most => {
                    to.write_all(&bytes[..most.saturating_sub(before).min(count)])?;
                    continue;
                }
                _ => {}
            }
            to.write_all(bytes)?;
        }
    }
}
