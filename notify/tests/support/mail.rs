//! A mail server of a few lines, whose answers a test chooses.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it says, where a test wants something else than the usual.
#[derive(Clone, Default)]
pub struct Script {
    /// Lines after the first of EHLO's reply, before TLS and within it.
    pub offers: Vec<&'static str>,
    pub offers_in_tls: Vec<&'static str>,
    /// The beginning of a command, and the reply to it. `DATA.` is the end of the message, `greeting` the first line.
    pub replies: Vec<(&'static str, &'static str)>,
    pub tls: Option<TlsAcceptor>,
    /// TLS from the first byte.
    pub implicit: bool,
}

impl Script {
    fn reply(&self, command: &str, usual: &str) -> String {
        let upper = command.to_ascii_uppercase();
        let told =
            self.replies.iter().find(|(beginning, _)| upper.starts_with(&beginning.to_ascii_uppercase()));
        told.map_or(usual, |(_, reply)| reply).to_owned()
    }
}

pub struct MailServer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// With `(TLS)` where the connection was encrypted.
    pub commands: Vec<String>,
    /// As they were sent, with dots doubled.
    pub messages: Vec<String>,
}

impl MailServer {
    pub async fn start(script: Script) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), shared.clone()));
            }
        });
        MailServer { address, seen }
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().expect("not poisoned").clone()
    }
}

async fn serve(stream: tokio::net::TcpStream, script: Script, seen: Arc<Mutex<Seen>>) -> Option<()> {
    let tls = script.tls.clone();
    if script.implicit {
        let stream = tls?.accept(stream).await.ok()?;
        talk(&mut BufReader::new(stream), &script, &seen, true, true).await?;
        return Some(());
    }
    let mut plain = BufReader::new(stream);
    if talk(&mut plain, &script, &seen, true, false).await? {
        let stream = tls?.accept(plain.into_inner()).await.ok()?;
        talk(&mut BufReader::new(stream), &script, &seen, false, true).await?;
    }
    Some(())
}

/// True if TLS is to begin.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: &Script,
    seen: &Mutex<Seen>,
    greets: bool,
    encrypted: bool,
) -> Option<bool> {
    if greets {
        say(stream, &script.reply("greeting", "220 mail.example")).await?;
    }
    loop {
        let line = read(stream).await?;
        let mark = if encrypted { " (TLS)" } else { "" };
        seen.lock().expect("not poisoned").commands.push(format!("{line}{mark}"));
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let offers = if encrypted { &script.offers_in_tls } else { &script.offers };
                let lines = std::iter::once("mail.example").chain(offers.iter().copied()).collect::<Vec<_>>();
                let (last, first) = lines.split_last()?;
                let first: String = first.iter().map(|line| format!("250-{line}\r\n")).collect();
                say(stream, &script.reply("EHLO", &format!("{first}250 {last}"))).await?;
            }
            "STARTTLS" => {
                let reply = script.reply("STARTTLS", "220 go on");
                say(stream, &reply).await?;
                if reply.starts_with("220") {
                    return Some(true);
                }
            }
            "AUTH" if line.eq_ignore_ascii_case("AUTH LOGIN") => {
                say(stream, "334 VXNlcm5hbWU6").await?;
                let user = read(stream).await?;
                say(stream, "334 UGFzc3dvcmQ6").await?;
                let password = read(stream).await?;
                seen.lock().expect("not poisoned").commands.push(format!("{user} {password}"));
                say(stream, &script.reply("AUTH", "235 welcome")).await?;
            }
            "AUTH" => say(stream, &script.reply("AUTH", "235 welcome")).await?,
            "DATA" => {
                let reply = script.reply("DATA", "354 go on");
                say(stream, &reply).await?;
                if reply.starts_with("354") {
                    let message = read_message(stream).await?;
                    seen.lock().expect("not poisoned").messages.push(message);
                    say(stream, &script.reply("the message", "250 queued as 7")).await?;
                }
            }
            "QUIT" => {
                say(stream, "221 bye").await?;
                return None;
            }
            _ => say(stream, &script.reply(&line, "250 fine")).await?,
        }
    }
}

async fn read_message<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(message);
        }
        message.push_str(&line);
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    (stream.read_line(&mut line).await.ok()? > 0).then(|| line.trim_end().to_owned())
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}
