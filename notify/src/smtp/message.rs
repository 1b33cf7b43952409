//! The mail itself: headers and a text, beside it HTML.

use crate::limits::{PARCEL_BYTES, SUBJECT_CHARS};
use crate::parcel::{Mail, id_as_token};
use crate::secret::shown;
use crate::target::{Mailbox, SmtpTarget};
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;

/// What a mail gets from its target and its parcel, and which nothing else may set.
const TAKEN: [&str; 12] = [
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
];

/// The id of the message is made of the parcel's, so that a second try is the same mail to those who get it.
pub(super) fn write(target: &SmtpTarget, id: &str, mail: &Mail) -> Result<Vec<u8>, String> {
    let bytes = mail.text.len() + mail.html.as_ref().map_or(0, String::len);
    if bytes > PARCEL_BYTES {
        return Err(format!("the mail has {bytes} bytes, more than {PARCEL_BYTES}"));
    }
    let mut message = MessageBuilder::new()
        .from(address(&target.from))
        .to(Address::new_list(target.to.iter().map(address).collect()))
        // On one line: nothing of it can become a header.
        .subject(shown(&mail.subject, [], SUBJECT_CHARS))
        .message_id(format!("ocelli.{}@{}", id_as_token(id), target.from.domain()))
        // RFC 3834: no vacation notes in return, please.
        .header("Auto-Submitted", Raw::new("auto-generated"));
    for (name, value) in &mail.headers {
        check_header(name)?;
        message = message.header(name.as_str(), Text::new(shown(value, [], SUBJECT_CHARS)));
    }
    // Line ends are CRLF on the way, whatever wrote the text.
    message = message.text_body(mail.text.replace("\r\n", "\n").as_str().to_owned());
    if let Some(html) = &mail.html {
        message = message.html_body(html.replace("\r\n", "\n"));
    }
    message.write_to_vec().map_err(|error| format!("the mail can't be written: {error}"))
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    Address::new_address(mailbox.name.as_deref(), mailbox.address.as_str())
}

fn check_header(name: &str) -> Result<(), String> {
    // RFC 5322, 2.2: printable ASCII but the colon.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(format!("'{}' is no name of a mail's header", name.escape_debug()));
    }
    if TAKEN.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("a mail has its '{name}' already"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> SmtpTarget {
        let to = ["\"Ops, \u{fc}ber\" <ops@x.example>, b@x.example"];
        SmtpTarget::new("mail.example:25", "Ocelli <alerts@x.example>", to).unwrap()
    }

    fn written(mail: &Mail) -> String {
        String::from_utf8(write(&target(), "a/1", mail).unwrap()).unwrap()
    }

    fn mail(subject: &str, text: &str) -> Mail {
        Mail { subject: subject.into(), text: text.into(), html: None, headers: Vec::new() }
    }

    #[test]
    fn the_same_parcel_is_the_same_message() {
        let message = written(&mail("checkout is slow", "p99 is 2 s"));
        assert!(message.contains("Message-ID: <ocelli.a=2f1@x.example>\r\n"), "{message}");
        assert!(message.contains("Subject: checkout is slow\r\n"), "{message}");
        assert!(message.contains("Auto-Submitted: auto-generated\r\n"), "{message}");
        assert!(message.contains("<alerts@x.example>") && message.contains("<b@x.example>"), "{message}");
        assert!(message.is_ascii(), "the name of a recipient is encoded: {message}");
    }

    #[test]
    fn nothing_becomes_a_header_or_ends_the_message() {
        let mut hostile = mail("x\r\nBcc: evil@x.example\r\n\r\nbody", "a\n.\nRCPT TO:<x>\r\n.\r\n");
        hostile.headers = vec![("X-Team".into(), "p\r\nBcc: evil@x.example".into())];
        let message = written(&hostile);
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(!head.to_ascii_lowercase().contains("\r\nbcc:"), "{head}");
        for name in ["Bcc", "Subject", "a:b", "a b", "", "x\r\ny"] {
            hostile.headers = vec![(name.into(), "v".into())];
            assert!(write(&target(), "1", &hostile).is_err(), "{name}");
        }
    }

    #[test]
    fn text_and_html_are_alternatives_in_ascii_lines() {
        let mut both = mail("\u{1f525} caf\u{e9}", &"p\u{e4}ger ".repeat(500));
        both.html = Some("<b>caf\u{e9}</b>".repeat(200));
        let message = written(&both);
        assert!(message.contains("multipart/alternative"), "{message}");
        assert!(message.is_ascii());
        assert!(
            message.split("\r\n").all(|line| line.len() <= 998 && !line.contains('\n')),
            "lines are bounded"
        );
        let large = mail("x", &"y".repeat(PARCEL_BYTES + 1));
        assert!(write(&target(), "1", &large).unwrap_err().contains("bytes"));
    }
}
