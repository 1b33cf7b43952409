//! A connection to a target: the name is resolved once, every address is checked, and only those are dialled.

use crate::Notifier;
use crate::limits::{ADDRESSES, ADDRESSES_TRIED, CONNECT};
use crate::verdict::{Verdict, refused, retry};
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bytes both ways, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// `host` is a name or an address without brackets.
pub(crate) async fn dial(notifier: &Notifier, host: &str, port: u16) -> Result<TcpStream, Verdict> {
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolve(notifier, host).await?,
    };
    notifier.guard.check(host, port, &addresses).map_err(refused)?;
    let mut why = String::new();
    for address in addresses.into_iter().take(ADDRESSES_TRIED) {
        let address = SocketAddr::new(address, port);
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // One request in one piece: waiting to fill packets gains nothing.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => why = format!("{address}: {error}"),
            Err(_) => why = format!("{address}: no answer within {CONNECT:?}"),
        }
    }
    Err(retry(format!("no connection to {host}: {why}")))
}

async fn resolve(notifier: &Notifier, host: &str) -> Result<Vec<IpAddr>, Verdict> {
    let mut found = Vec::new();
    let addresses = notifier.resolver.resolve(host).await;
    for address in addresses.map_err(|error| retry(format!("{host} can't be resolved: {error}")))? {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    match found.len() {
        0 => Err(retry(format!("{host} has no address"))),
        many if many > ADDRESSES => {
            Err(refused(format!("{host} has {many} addresses, more than {ADDRESSES}")))
        }
        _ => Ok(found),
    }
}
