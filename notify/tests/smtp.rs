//! Deliveries by mail to a real server.

#![allow(clippy::unwrap_used)]

mod support;

use ocelli_notify::{Guard, Mail, Notifier, Parcel, SmtpTarget, SmtpTls, Target, Verdict};
use std::time::Duration;
use support::mail::{MailServer, Script};
use support::{Names, authority, delivered, notifier, refused, retried};

const TO: [&str; 2] = ["ops@x.example", "Second <second@x.example>"];

fn target(server: &MailServer, tls: SmtpTls) -> SmtpTarget {
    let target = SmtpTarget::new(&server.address.to_string(), "Ocelli <alerts@x.example>", TO).unwrap();
    target.with_tls(tls).with_timeout(Duration::from_secs(5))
}

fn parcel() -> Parcel {
    let text = "first\n.\n.hidden\nlast".to_owned();
    let mail = Mail {
        subject: "caf\u{e9} is slow".into(),
        text,
        html: Some("<b>x</b>".into()),
        headers: Vec::new(),
    };
    Parcel::mail("42", mail)
}

async fn send(script: Script) -> (Verdict, MailServer) {
    let server = MailServer::start(script).await;
    let verdict = notifier().send(&Target::Smtp(target(&server, SmtpTls::IfOffered)), &parcel()).await;
    (verdict, server)
}

fn replies(replies: &[(&'static str, &'static str)]) -> Script {
    Script { replies: replies.to_vec(), ..Script::default() }
}

#[tokio::test]
async fn a_mail_is_handed_over() {
    let (verdict, server) = send(Script::default()).await;
    assert_eq!(delivered(verdict), "for 2 of 2: 250 queued as 7");
    let seen = server.seen();
    let commands: Vec<&str> = seen.commands.iter().map(String::as_str).take(5).collect();
    assert_eq!(
        commands,
        [
            "EHLO localhost",
            "MAIL FROM:<alerts@x.example>",
            "RCPT TO:<ops@x.example>",
            "RCPT TO:<second@x.example>",
            "DATA"
        ]
    );
    let message = &seen.messages[0];
    assert!(message.contains("Message-ID: <ocelli.42@x.example>\r\n"), "{message}");
    assert!(message.contains("\r\n..hidden\r\n"), "a dot at the start of a line is doubled: {message}");
    assert!(message.contains("\r\nlast"), "a line of one dot ends nothing: {message}");
    assert_eq!(seen.messages.len(), 1);
}

#[tokio::test]
async fn four_is_for_now_and_five_is_final() {
    for (command, reply, code) in [
        ("greeting", "421 too busy", 421),
        ("EHLO", "421 later", 421),
        ("MAIL", "451 try later", 451),
        ("DATA", "452 no room", 452),
        ("the message", "450 greylisted", 450),
    ] {
        let (verdict, _) = send(replies(&[(command, reply)])).await;
        let why = retried(verdict);
        assert!(why.contains(&code.to_string()), "{command}: {why}");
    }
    for (command, reply) in [
        ("greeting", "554 no service"),
        ("MAIL", "550 5.7.1 not you"),
        ("DATA", "554 no valid recipients"),
        ("the message", "552 too large"),
    ] {
        let (verdict, _) = send(replies(&[(command, reply)])).await;
        let why = refused(verdict);
        assert!(why.ends_with(reply), "{command}: {why}");
    }
}

#[tokio::test]
async fn one_bad_recipient_keeps_it_from_no_other() {
    let (verdict, server) = send(replies(&[("RCPT TO:<ops", "550 no such user")])).await;
    let detail = delivered(verdict);
    assert!(
        detail.starts_with("for 1 of 2: ") && detail.contains("ops@x.example: 550 no such user"),
        "{detail}"
    );
    assert_eq!(server.seen().messages.len(), 1);
    let (verdict, server) = send(replies(&[("RCPT", "550 no such user")])).await;
    refused(verdict);
    assert_eq!(server.seen().messages.len(), 0);
    let one_later = replies(&[("RCPT TO:<ops", "550 no such user"), ("RCPT TO:<second", "450 greylisted")]);
    let (verdict, _) = send(one_later).await;
    assert!(retried(verdict).contains("greylisted"));
}

#[tokio::test]
async fn without_tls_where_it_is_required_nothing_is_told() {
    let server =
        MailServer::start(Script { offers: vec!["8BITMIME", "AUTH PLAIN"], ..Script::default() }).await;
    let target = target(&server, SmtpTls::Required).with_login("me", "hunter2hunter2".into());
    let why = refused(notifier().send(&Target::Smtp(target), &parcel()).await);
    assert!(why.ends_with("does not offer STARTTLS, and `require_tls` asks for it"), "{why}");
    assert_eq!(server.seen().commands, ["EHLO localhost"]);
}

#[tokio::test]
async fn starttls_and_the_login_within_it() {
    let (pem, tls) = authority("mail.example");
    let script = Script {
        offers: vec!["STARTTLS"],
        offers_in_tls: vec!["SIZE 1000", "AUTH LOGIN PLAIN"],
        tls: Some(tls),
        ..Script::default()
    };
    let server = MailServer::start(script.clone()).await;
    let names = Names::of(&[("mail.example", &[&["127.0.0.1"]]), ("other.example", &[&["127.0.0.1"]])]);
    let trusting = notifier().with_resolver(names).with_roots(pem.as_bytes()).unwrap();
    let to = |name: &str| {
        let smarthost = format!("{name}:{}", server.address.port());
        let target = SmtpTarget::new(&smarthost, "a@x.example", ["b@x.example"]).unwrap();
        Target::Smtp(target.with_login("me", "hunter2hunter2".into()))
    };
    delivered(trusting.send(&to("mail.example"), &parcel()).await);
    let commands = server.seen().commands;
    assert_eq!(commands[..3], ["EHLO localhost", "STARTTLS", "EHLO localhost (TLS)"]);
    // "\0me\0hunter2hunter2"
    assert_eq!(commands[3], "AUTH PLAIN AG1lAGh1bnRlcjJodW50ZXIy (TLS)");
    assert!(commands[4..].iter().all(|command| command.ends_with("(TLS)")), "{commands:?}");
    let why = retried(trusting.send(&to("other.example"), &parcel()).await);
    assert!(why.contains("certificate"), "{why}");
    let refusing = Script { replies: vec![("AUTH", "535 no hunter2hunter2 here")], ..script };
    let server = MailServer::start(refusing).await;
    let smarthost = format!("mail.example:{}", server.address.port());
    let target = SmtpTarget::new(&smarthost, "a@x.example", ["b@x.example"]).unwrap();
    let target = Target::Smtp(target.with_login("me", "hunter2hunter2".into()));
    let why = refused(trusting.send(&target, &parcel()).await);
    assert!(why.ends_with("the login: 535 no *** here"), "{why}");
}

#[tokio::test]
async fn tls_from_the_first_byte_and_the_older_login() {
    let (pem, tls) = authority("mail.example");
    let script =
        Script { offers_in_tls: vec!["AUTH LOGIN"], tls: Some(tls), implicit: true, ..Script::default() };
    let server = MailServer::start(script).await;
    let names = Names::of(&[("mail.example", &[&["127.0.0.1"]])]);
    let trusting = notifier().with_resolver(names).with_roots(pem.as_bytes()).unwrap();
    let smarthost = format!("mail.example:{}", server.address.port());
    let target = SmtpTarget::new(&smarthost, "a@x.example", ["b@x.example"]).unwrap();
    let target = target.with_tls(SmtpTls::Implicit).with_login("me", "hunter2hunter2".into());
    delivered(trusting.send(&Target::Smtp(target), &parcel()).await);
    assert_eq!(server.seen().commands[2], "bWU= aHVudGVyMmh1bnRlcjI=");
}

#[tokio::test]
async fn what_is_said_ahead_of_tls_is_not_believed() {
    let (pem, tls) = authority("mail.example");
    // A command or reply that someone on the way puts in before the encryption.
    let script = Script {
        offers: vec!["STARTTLS"],
        replies: vec![("STARTTLS", "220 go on\r\n250 injected")],
        tls: Some(tls),
        ..Script::default()
    };
    let server = MailServer::start(script).await;
    let names = Names::of(&[("mail.example", &[&["127.0.0.1"]])]);
    let trusting = notifier().with_resolver(names).with_roots(pem.as_bytes()).unwrap();
    let smarthost = format!("mail.example:{}", server.address.port());
    let target = SmtpTarget::new(&smarthost, "a@x.example", ["b@x.example"]).unwrap();
    let why = refused(trusting.send(&Target::Smtp(target), &parcel()).await);
    assert!(why.ends_with("it says more than it was asked before TLS begins"), "{why}");
}

#[tokio::test]
async fn a_server_that_floods_or_hangs_is_left() {
    let long = "220-x\r\n".repeat(20_000);
    let (verdict, _) =
        send(Script { replies: vec![("greeting", Box::leak(long.into_boxed_str()))], ..Script::default() })
            .await;
    assert!(retried(verdict).contains("it says more than 65536 bytes"));
    let line = "220 ".to_owned() + &"x".repeat(100_000);
    let (verdict, _) =
        send(Script { replies: vec![("greeting", Box::leak(line.into_boxed_str()))], ..Script::default() })
            .await;
    assert!(retried(verdict).contains("a line of its reply is too long"));
    let (verdict, _) = send(replies(&[("EHLO", "HTTP/1.1 400 Bad Request")])).await;
    assert!(retried(verdict).contains("what it says is not SMTP"));
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smarthost = silent.local_addr().unwrap().to_string();
    let target = SmtpTarget::new(&smarthost, "a@x.example", ["b@x.example"]).unwrap();
    let target = Target::Smtp(target.with_timeout(Duration::from_millis(200)));
    let why = retried(notifier().send(&target, &parcel()).await);
    assert!(why.ends_with("not done within 200ms"), "{why}");
}

#[tokio::test]
async fn private_addresses_are_refused_for_mail_too() {
    let server = MailServer::start(Script::default()).await;
    let closed = Notifier::new(Guard::default());
    let why = refused(closed.send(&Target::Smtp(target(&server, SmtpTls::IfOffered)), &parcel()).await);
    assert!(why.contains("loopback"), "{why}");
    assert!(server.seen().commands.is_empty());
    let names = Names::of(&[("mail.example", &[&["127.0.0.1", "192.168.0.9"]])]);
    let target = SmtpTarget::new("mail.example:25", "a@x.example", ["b@x.example"]).unwrap();
    let why = refused(notifier().with_resolver(names).send(&Target::Smtp(target), &parcel()).await);
    assert!(why.starts_with("mail.example resolves to 192.168.0.9"), "{why}");
}
