//! A web server byte by byte: a library's would not let it misbehave so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[derive(Clone, Debug)]
pub enum Behaviour {
    /// These bytes.
    Answers(String),
    /// This head, and then bytes without end.
    Floods(String),
    /// This head, and then a byte now and then, without end.
    Drips(String),
    /// Reads, and says nothing.
    Hangs,
    ClosesAtOnce,
    /// Headers without end.
    FloodsHeaders,
}

pub struct Web {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub connections: usize,
    /// Head and body of each request.
    pub requests: Vec<(String, String)>,
    /// The most that could be written to one connection.
    pub written_bytes: usize,
}

pub fn status(line: &str, headers: &str, body: &str) -> Behaviour {
    Behaviour::Answers(format!("HTTP/1.1 {line}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
}

impl Web {
    pub async fn start(behaviour: Behaviour) -> Web {
        Web::start_with(behaviour, None).await
    }

    pub async fn start_with(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().expect("not poisoned").connections += 1;
                let (behaviour, shared, tls) = (behaviour.clone(), shared.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => behave(stream, behaviour, shared).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => behave(stream, behaviour, shared).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Web { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}/services/secretsecret?key=keykeykey", self.address)
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().expect("not poisoned").clone()
    }
}

/// `None` once the client is gone.
async fn behave<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    behaviour: Behaviour,
    seen: Arc<Mutex<Seen>>,
) -> Option<()> {
    if matches!(behaviour, Behaviour::ClosesAtOnce) {
        return None;
    }
    let mut stream = BufReader::new(stream);
    let request = read_request(&mut stream).await?;
    seen.lock().expect("not poisoned").requests.push(request);
    match behaviour {
        Behaviour::Answers(text) => stream.write_all(text.as_bytes()).await.ok()?,
        Behaviour::Floods(head) => flood(&mut stream, &head, &[b'x'; 4096], &seen).await?,
        Behaviour::FloodsHeaders => flood(&mut stream, "HTTP/1.1 200 OK\r\n", b"a: b\r\n", &seen).await?,
        Behaviour::Drips(head) => {
            stream.write_all(head.as_bytes()).await.ok()?;
            let mut beat = tokio::time::interval(Duration::from_millis(20));
            loop {
                stream.write_all(b"x").await.ok()?;
                stream.flush().await.ok()?;
                beat.tick().await;
            }
        }
        Behaviour::Hangs => while stream.read_u8().await.is_ok() {},
        Behaviour::ClosesAtOnce => {}
    }
    stream.flush().await.ok()?;
    stream.shutdown().await.ok()
}

async fn flood<S: AsyncWrite + Unpin>(
    stream: &mut S,
    head: &str,
    piece: &[u8],
    seen: &Mutex<Seen>,
) -> Option<()> {
    stream.write_all(head.as_bytes()).await.ok()?;
    loop {
        stream.write_all(piece).await.ok()?;
        seen.lock().expect("not poisoned").written_bytes += piece.len();
    }
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next())?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, String::from_utf8(body).ok()?))
}
