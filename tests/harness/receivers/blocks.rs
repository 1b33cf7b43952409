//! Slack's bounds for the blocks of a message, by the reference of Block Kit.

use serde_json::Value;

const BLOCKS: usize = 50;
const BLOCK_ID: usize = 255;
const SECTION_TEXT: usize = 3000;
const FIELDS: usize = 10;
const FIELD_TEXT: usize = 2000;
const HEADER_TEXT: usize = 150;
const CONTEXT_ELEMENTS: usize = 10;
const ACTION_ELEMENTS: usize = 25;
const BUTTON_TEXT: usize = 75;
const ACTION_ID: usize = 255;
const URL: usize = 3000;
const ALT_TEXT: usize = 2000;

type Checked = Result<(), String>;

/// The error says which block, and what of it.
pub fn check(blocks: &[Value]) -> Checked {
    if blocks.len() > BLOCKS {
        return Err(format!("{} blocks, more than {BLOCKS}", blocks.len()));
    }
    for (at, block) in blocks.iter().enumerate() {
        check_block(block).map_err(|why| format!("block {at}: {why}"))?;
    }
    Ok(())
}

fn check_block(block: &Value) -> Checked {
    optional(&block["block_id"], |id| length(id, BLOCK_ID))?;
    match block["type"].as_str() {
        Some("divider") => Ok(()),
        Some("header") => text(&block["text"], HEADER_TEXT, &["plain_text"]),
        Some("section") => section(block),
        Some("context") => elements(block, CONTEXT_ELEMENTS, |element| match element["type"].as_str() {
            Some("image") => image(element),
            _ => text(element, SECTION_TEXT, &["plain_text", "mrkdwn"]),
        }),
        Some("actions") => elements(block, ACTION_ELEMENTS, button),
        Some("image") => image(block),
        other => Err(format!("the type {other:?} is not one of a message's")),
    }
}

fn section(block: &Value) -> Checked {
    let any = ["plain_text", "mrkdwn"];
    if block["text"].is_null() && block["fields"].is_null() {
        return Err("a section without text and fields".to_owned());
    }
    optional(&block["text"], |value| text(value, SECTION_TEXT, &any))?;
    optional(&block["fields"], |fields| {
        let fields = fields.as_array().ok_or("fields are not a list")?;
        if !(1..=FIELDS).contains(&fields.len()) {
            return Err(format!("{} fields", fields.len()));
        }
        fields.iter().try_for_each(|field| text(field, FIELD_TEXT, &any))
    })?;
    optional(&block["accessory"], |accessory| match accessory["type"].as_str() {
        Some("image") => image(accessory),
        _ => button(accessory),
    })
}

fn elements(block: &Value, most: usize, check: impl Fn(&Value) -> Checked) -> Checked {
    let elements = block["elements"].as_array().ok_or("it has no elements")?;
    if !(1..=most).contains(&elements.len()) {
        return Err(format!("{} elements", elements.len()));
    }
    elements.iter().try_for_each(check)
}

fn button(element: &Value) -> Checked {
    if element["type"] != "button" {
        return Err(format!("the element {} is not a button", element["type"]));
    }
    text(&element["text"], BUTTON_TEXT, &["plain_text"])?;
    optional(&element["action_id"], |id| length(id, ACTION_ID))?;
    optional(&element["value"], |value| length(value, FIELD_TEXT))?;
    optional(&element["url"], url)?;
    optional(&element["style"], |style| match style.as_str() {
        Some("primary" | "danger") => Ok(()),
        _ => Err(format!("the style {style}")),
    })
}

fn image(element: &Value) -> Checked {
    url(&element["image_url"])?;
    length(&element["alt_text"], ALT_TEXT)
}

/// A text object: neither empty nor too long.
fn text(object: &Value, most: usize, kinds: &[&str]) -> Checked {
    let kind = object["type"].as_str().unwrap_or_default();
    if !kinds.contains(&kind) {
        return Err(format!("a text of the type {kind:?}"));
    }
    length(&object["text"], most)
}

/// Slack counts characters, and takes no empty text.
fn length(value: &Value, most: usize) -> Checked {
    let text = value.as_str().ok_or("a text is missing")?;
    match text.chars().count() {
        0 => Err("an empty text".to_owned()),
        many if many > most => Err(format!("{many} characters, more than {most}")),
        _ => Ok(()),
    }
}

fn url(value: &Value) -> Checked {
    length(value, URL)?;
    let text = value.as_str().unwrap_or_default();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !text.contains(char::is_whitespace) => Ok(()),
        _ => Err(format!("{text:?} is no address of the web")),
    }
}

fn optional(value: &Value, check: impl Fn(&Value) -> Checked) -> Checked {
    if value.is_null() { Ok(()) } else { check(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plain(text: &str) -> Value {
        json!({"type": "plain_text", "text": text})
    }

    fn button(label: &str, url: &str) -> Value {
        json!({"type": "button", "text": plain(label), "url": url})
    }

    #[test]
    fn what_slack_takes() {
        let mrkdwn = json!({"type": "mrkdwn", "text": "*a*"});
        let blocks = [
            json!({"type": "header", "text": plain(&"\u{fc}".repeat(150))}),
            json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3000)}}),
            json!({"type": "section", "fields": vec![mrkdwn.clone(); 10], "accessory": button("a", "http://b/c")}),
            json!({"type": "context", "elements": [mrkdwn, {"type": "image", "image_url": "https://a/b", "alt_text": "c"}]}),
            json!({"type": "actions", "block_id": "x", "elements": [button(&"a".repeat(75), "https://b")]}),
            json!({"type": "divider"}),
            json!({"type": "image", "image_url": "https://a/b", "alt_text": "c"}),
        ];
        assert_eq!(check(&blocks), Ok(()));
        assert_eq!(check(&vec![json!({"type": "divider"}); 50]), Ok(()));
    }

    #[test]
    fn what_slack_refuses() {
        for (block, why) in [
            (json!({}), "the type"),
            (json!("divider"), "the type"),
            (json!({"type": "header", "text": plain(&"x".repeat(151))}), "151 characters"),
            (json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}), "of the type \"mrkdwn\""),
            (json!({"type": "section"}), "without text"),
            (json!({"type": "section", "text": {"type": "mrkdwn", "text": ""}}), "empty"),
            (
                json!({"type": "section", "text": {"type": "mrkdwn", "text": "\u{fc}".repeat(3001)}}),
                "3001 characters",
            ),
            (json!({"type": "section", "text": "x"}), "of the type \"\""),
            (json!({"type": "section", "fields": vec![plain("x"); 11]}), "11 fields"),
            (json!({"type": "section", "fields": [plain(&"x".repeat(2001))]}), "2001 characters"),
            (json!({"type": "context", "elements": vec![plain("x"); 11]}), "11 elements"),
            (json!({"type": "context", "elements": []}), "0 elements"),
            (json!({"type": "actions", "elements": [button(&"x".repeat(76), "http://a")]}), "76 characters"),
            (json!({"type": "actions", "elements": [button("x", "javascript:alert(1)")]}), "no address"),
            (json!({"type": "actions", "elements": [button("x", "http://a b")]}), "no address"),
            (
                json!({"type": "actions", "elements": [button("x", &format!("http://{}", "a".repeat(3000)))]}),
                "3007 characters",
            ),
            (json!({"type": "image", "image_url": "https://a/b"}), "missing"),
            (json!({"type": "divider", "block_id": "x".repeat(256)}), "256 characters"),
        ] {
            let error = check(&[json!({"type": "divider"}), block.clone()]).unwrap_err();
            assert!(error.starts_with("block 1: ") && error.contains(why), "{block}: {error}");
        }
        assert!(check(&vec![json!({"type": "divider"}); 51]).is_err());
    }
}
