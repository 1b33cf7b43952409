//! Commands and replies, line by line and within bounds.

use crate::dial::Stream;
use crate::limits::{SMTP_LINE_BYTES, SMTP_REPLY_BYTES};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

/// A reply's code and the text of its lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

pub(super) struct Session {
    io: BufReader<Box<dyn Stream>>,
    pub encrypted: bool,
    /// Whether nobody else reads along.
    pub private: bool,
    /// What it said to EHLO.
    pub offered: Vec<String>,
    read_bytes: usize,
}

impl Session {
    pub fn new(stream: Box<dyn Stream>, encrypted: bool) -> Session {
        Session {
            io: BufReader::with_capacity(SMTP_LINE_BYTES, stream),
            encrypted,
            private: encrypted,
            offered: Vec::new(),
            read_bytes: 0,
        }
    }

    /// What an extension that the server has is followed by.
    pub fn offers(&self, extension: &str) -> Option<&str> {
        self.offered.iter().find_map(|line| {
            let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(extension).then_some(rest)
        })
    }

    pub async fn command(&mut self, line: &str) -> Result<Reply, String> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// The text after DATA: lines that begin with a dot get another one (RFC 5321, 4.5.2).
    pub async fn message(&mut self, message: &[u8]) -> Result<Reply, String> {
        let mut text = Vec::with_capacity(message.len() + 16);
        for line in message.split_inclusive(|&byte| byte == b'\n') {
            if line.first() == Some(&b'.') {
                text.push(b'.');
            }
            text.extend_from_slice(line);
        }
        if !text.ends_with(b"\r\n") {
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b".\r\n");
        self.write(&text).await?;
        self.reply().await
    }

    pub async fn quit(&mut self) {
        let _ = self.write(b"QUIT\r\n").await;
    }

    pub async fn reply(&mut self) -> Result<Reply, String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            let (Some(code @ 200..=599), Some(rest)) = (code, line.get(3..)) else {
                return Err("what it says is not SMTP".to_owned());
            };
            let more = rest.starts_with('-');
            lines.push(rest.get(1..).unwrap_or_default().trim().to_owned());
            if !more {
                return Ok(Reply { code, lines });
            }
        }
    }

    /// The connection itself, to be encrypted. What was sent before that would count as said in secret.
    pub fn into_stream(self) -> Result<Box<dyn Stream>, &'static str> {
        if !self.io.buffer().is_empty() {
            return Err("it says more than it was asked before TLS begins");
        }
        Ok(self.io.into_inner())
    }

    async fn line(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.io).take(SMTP_LINE_BYTES as u64);
        bounded.read_until(b'\n', &mut line).await.map_err(|error| error.to_string())?;
        self.read_bytes += line.len();
        if !line.ends_with(b"\n") {
            let why = match line.len() {
                SMTP_LINE_BYTES => "a line of its reply is too long",
                _ => "it closed the connection",
            };
            return Err(why.to_owned());
        }
        if self.read_bytes > SMTP_REPLY_BYTES {
            return Err(format!("it says more than {SMTP_REPLY_BYTES} bytes"));
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let written = async {
            self.io.write_all(bytes).await?;
            self.io.flush().await
        };
        written.await.map_err(|error: std::io::Error| error.to_string())
    }
}
