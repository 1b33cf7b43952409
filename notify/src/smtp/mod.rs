//! A mail over SMTP (RFC 5321): greeting, STARTTLS, login, envelope, message.

mod message;
mod session;

use crate::Notifier;
use crate::dial::dial;
use crate::limits::DETAIL_CHARS;
use crate::parcel::Mail;
use crate::secret::shown;
use crate::target::{Login, SmtpTarget, SmtpTls};
use crate::verdict::{Verdict, refused, retry};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use session::{Reply, Session};
use tokio::time::{Instant, timeout_at};

/// `Ok` and `Err` are both the verdict; an error ends the work early.
pub(crate) async fn deliver(
    notifier: &Notifier,
    target: &SmtpTarget,
    id: &str,
    mail: &Mail,
    deadline: Instant,
) -> Result<Verdict, Verdict> {
    let message = message::write(target, id, mail).map_err(refused)?;
    let work = async {
        let mut session = open(notifier, target).await?;
        if let Some(login) = &target.login {
            log_in(target, &mut session, login).await?;
        }
        let verdict = hand_over(target, &mut session, &message).await?;
        Ok((verdict, session))
    };
    let done = timeout_at(deadline, work).await;
    let done = done.map_err(|_| retry(format!("{target}: not done within {:?}", target.timeout)));
    let (verdict, mut session) = done??;
    // It has the mail: that the goodbye takes too long makes no difference.
    let _ = timeout_at(deadline, session.quit()).await;
    Ok(verdict)
}

async fn open(notifier: &Notifier, target: &SmtpTarget) -> Result<Session, Verdict> {
    let stream = dial(notifier, &target.host, target.port).await?;
    let local = stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
    let mut session = if target.tls == SmtpTls::Implicit {
        Session::new(notifier.tls.encrypt(Box::new(stream), &target.host).await?, true)
    } else {
        Session::new(Box::new(stream), false)
    };
    session.private |= local;
    expect(target, "its greeting", session.reply().await, 220)?;
    hello(target, &mut session).await?;
    if session.encrypted {
        return Ok(session);
    }
    if session.offers("STARTTLS").is_some() {
        expect(target, "STARTTLS", session.command("STARTTLS").await, 220)?;
        let stream = session.into_stream().map_err(|why| refused(format!("{target}: {why}")))?;
        let mut session = Session::new(notifier.tls.encrypt(stream, &target.host).await?, true);
        hello(target, &mut session).await?;
        return Ok(session);
    }
    if target.tls == SmtpTls::Required {
        return Err(refused(format!("{target} does not offer STARTTLS, and `require_tls` asks for it")));
    }
    Ok(session)
}

async fn hello(target: &SmtpTarget, session: &mut Session) -> Result<(), Verdict> {
    let reply = session.command(&format!("EHLO {}", target.hello)).await;
    session.offered = expect(target, "EHLO", reply, 250)?.lines;
    Ok(())
}

/// By the first of PLAIN and LOGIN that is offered. A password is never sent in the clear, but to this machine.
async fn log_in(target: &SmtpTarget, session: &mut Session, login: &Login) -> Result<(), Verdict> {
    if !session.private {
        return Err(refused(format!("{target} has no TLS, and a password is not sent in the clear")));
    }
    let offered = session.offers("AUTH").unwrap_or_default().to_ascii_uppercase();
    let offers = |mechanism: &str| offered.split_whitespace().any(|one| one == mechanism);
    let password = login.password.expose();
    if offers("PLAIN") {
        let pair = STANDARD.encode(format!("\0{}\0{password}", login.user));
        expect(target, "the login", session.command(&format!("AUTH PLAIN {pair}")).await, 235)?;
    } else if offers("LOGIN") {
        expect(target, "AUTH LOGIN", session.command("AUTH LOGIN").await, 334)?;
        expect(target, "the user", session.command(&STANDARD.encode(&login.user)).await, 334)?;
        expect(target, "the login", session.command(&STANDARD.encode(password)).await, 235)?;
    } else {
        let known = if offered.is_empty() { "no login".to_owned() } else { format!("the logins {offered}") };
        return Err(refused(format!("{target} offers {known}; PLAIN and LOGIN are known here")));
    }
    Ok(())
}

/// One recipient that the server does not take keeps the mail from no other; all of them do.
async fn hand_over(target: &SmtpTarget, session: &mut Session, message: &[u8]) -> Result<Verdict, Verdict> {
    let from = format!("MAIL FROM:<{}>", target.from.address);
    expect(target, "the sender", session.command(&from).await, 250)?;
    let mut left_out = Vec::new();
    for to in &target.to {
        let reply = session.command(&format!("RCPT TO:<{}>", to.address)).await;
        if let Err(verdict) = expect(target, &to.address, reply, 250) {
            left_out.push(verdict);
        }
    }
    if left_out.len() == target.to.len() {
        // If one of them may be taken later, all are tried again.
        let later = left_out.iter().position(|verdict| matches!(verdict, Verdict::Retry { .. }));
        return Err(left_out.swap_remove(later.unwrap_or_default()));
    }
    expect(target, "DATA", session.command("DATA").await, 354)?;
    let reply = expect(target, "the mail", session.message(message).await, 250)?;
    let taken = target.to.len() - left_out.len();
    let mut detail = format!("for {taken} of {}: {}", target.to.len(), told(target, &reply));
    for verdict in left_out {
        if let Verdict::Retry { why, .. } | Verdict::Refused { why } = verdict {
            detail.push_str(&format!("; {why}"));
        }
    }
    Ok(Verdict::Delivered { detail })
}

/// The reply, if it has the code. 4xx is for now, 5xx is final (RFC 5321, 4.2.1).
fn expect(
    target: &SmtpTarget,
    what: &str,
    reply: Result<Reply, String>,
    code: u16,
) -> Result<Reply, Verdict> {
    let reply = reply.map_err(|why| retry(format!("{target}: {what}: {why}")))?;
    // 251: the server forwards it.
    if reply.code == code || (code == 250 && reply.code == 251) {
        return Ok(reply);
    }
    let why = format!("{target}: {what}: {}", told(target, &reply));
    Err(if reply.code / 100 == 5 { refused(why) } else { retry(why) })
}

fn told(target: &SmtpTarget, reply: &Reply) -> String {
    let said = format!("{} {}", reply.code, reply.lines.join(" "));
    shown(&said, target.secrets(), DETAIL_CHARS)
}
