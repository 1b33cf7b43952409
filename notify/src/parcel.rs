//! What is sent: rendered, complete, and with no secret in it, so that it can be kept.

use serde::{Deserialize, Serialize};

/// One notification as it goes out. Its id is the same in every try, so that a receiver can tell a second
/// delivery from a second notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    pub id: String,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Http(HttpContent),
    Mail(Mail),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpContent {
    pub content_type: String,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub subject: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Beside those that every mail has, as `("Reply-To", "…")`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

impl Parcel {
    pub fn json(id: impl Into<String>, body: impl Into<String>) -> Parcel {
        let content = HttpContent { content_type: "application/json".to_owned(), body: body.into() };
        Parcel { id: id.into(), content: Content::Http(content) }
    }

    pub fn mail(id: impl Into<String>, mail: Mail) -> Parcel {
        Parcel { id: id.into(), content: Content::Mail(mail) }
    }
}

/// The id as it may stand in a header or left of the `@` of a message id (RFC 5322 `atext`): other bytes
/// become `=` and two hex digits, so that different ids stay different.
pub(crate) fn id_as_token(id: &str) -> String {
    let mut token = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            token.push(char::from(byte));
        } else {
            token.push_str(&format!("={byte:02x}"));
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn different_ids_are_different_tokens(one in ".{0,8}", other in ".{0,8}") {
            prop_assert_eq!(one == other, id_as_token(&one) == id_as_token(&other));
            prop_assert!(id_as_token(&one).bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn a_parcel_is_kept_as_json() {
        let parcel = Parcel::json("7", "{\"text\":\"x\"}");
        let kept = serde_json::to_string(&parcel).unwrap();
        assert_eq!(serde_json::from_str::<Parcel>(&kept).unwrap(), parcel);
        let mail = Mail { subject: "s".into(), text: "t".into(), html: None, headers: Vec::new() };
        let kept = r#"{"id":"8","content":{"mail":{"subject":"s","text":"t"}}}"#;
        assert_eq!(serde_json::from_str::<Parcel>(kept).unwrap(), Parcel::mail("8", mail));
    }
}
