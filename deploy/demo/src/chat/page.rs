//! The page: the messages, newest first, as Slack would lay them out without its colours.

use serde_json::Value;

use super::{
    Message,
    markup::{escape, link, mrkdwn},
};

pub(super) const STYLE: &str = include_str!("style.css");

/// It asks for itself again every two seconds; the demo is watched, not read.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta http-equiv=\"refresh\" content=\"2\"><meta name=\"viewport\" content=\"width=device-width\">\
    <title>Chat of the demo</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><h1>#on-call</h1>\n";

/// Blocks may not hold blocks, but attachments hold them.
pub(super) fn write(messages: &[Message]) -> String {
    let mut html = HEAD.to_owned();
    if messages.is_empty() {
        html.push_str("<p>No message yet. Switch a fault on and wait for the alert.</p>");
    }
    for message in messages {
        html.push_str(&format!("<article><time>{}</time>\n", clock(message.received_ms)));
        html.push_str(&body(&message.body));
        html.push_str("</article>\n");
    }
    html.push_str("</body></html>\n");
    html
}

/// The time of the day, in UTC.
fn clock(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// With blocks, the text is what a notification on a phone shows, and is not shown again.
fn body(message: &Value) -> String {
    let mut html = blocks(&message["blocks"]);
    if html.is_empty() {
        html = paragraph(&message["text"]);
    }
    for attachment in list(&message["attachments"]) {
        html.push_str(&self::attachment(attachment));
    }
    html
}

fn attachment(part: &Value) -> String {
    let named = |colour: &&str| matches!(*colour, "danger" | "good" | "warning");
    let colour = part["color"].as_str().filter(named).unwrap_or_default();
    let mut html = format!("<div class=\"attachment {colour}\">");
    html.push_str(&paragraph(&part["pretext"]));
    if let Some(title) = part["title"].as_str() {
        let title = part["title_link"].as_str().map_or_else(|| escape(title), |url| link(url, title));
        html.push_str(&format!("<h2>{title}</h2>"));
    }
    html.push_str(&paragraph(&part["text"]));
    for field in list(&part["fields"]) {
        html.push_str(&paragraph(&field["title"]));
        html.push_str(&paragraph(&field["value"]));
    }
    html.push_str(&blocks(&part["blocks"]));
    if part["title"].is_null() && part["text"].is_null() && part["blocks"].is_null() {
        html.push_str(&paragraph(&part["fallback"]));
    }
    html.push_str(&paragraph(&part["footer"]));
    html + "</div>"
}

fn blocks(value: &Value) -> String {
    list(value).iter().map(block).collect()
}

fn block(block: &Value) -> String {
    match block["type"].as_str() {
        Some("header") => format!("<h2>{}</h2>", text(&block["text"])),
        Some("section") => {
            let fields = list(&block["fields"]).iter().map(|field| format!("<p>{}</p>", text(field)));
            let fields: String = fields.collect();
            let fields =
                if fields.is_empty() { fields } else { format!("<div class=\"fields\">{fields}</div>") };
            let text = if block["text"].is_null() {
                String::new()
            } else {
                format!("<p>{}</p>", text(&block["text"]))
            };
            text + &fields + &element(&block["accessory"])
        }
        Some("context") => {
            let parts: Vec<String> = list(&block["elements"]).iter().map(element).collect();
            format!("<p class=\"context\">{}</p>", parts.join(" "))
        }
        Some("actions") => {
            let parts: String = list(&block["elements"]).iter().map(element).collect();
            format!("<p class=\"button\">{parts}</p>")
        }
        Some("divider") => "<hr>".to_owned(),
        Some("image") => format!("<p>{}</p>", element(block)),
        // Better seen raw than not at all.
        _ => format!("<p>{}</p>", escape(&block.to_string())),
    }
}

/// A button that leads somewhere is a link; an image is named, not loaded from afar.
fn element(element: &Value) -> String {
    let string = |field: &str| element[field].as_str().unwrap_or_default();
    match element["type"].as_str() {
        None => String::new(),
        Some("button") => {
            let label = element["text"]["text"].as_str().unwrap_or_default();
            if element["url"].is_null() { escape(label) } else { link(string("url"), label) }
        }
        Some("image") => link(string("image_url"), string("alt_text")),
        Some(_) => text(element),
    }
}

/// A text object.
fn text(object: &Value) -> String {
    let text = object["text"].as_str().unwrap_or_default();
    if object["type"] == "mrkdwn" { mrkdwn(text) } else { escape(text) }
}

fn paragraph(text: &Value) -> String {
    text.as_str()
        .filter(|text| !text.is_empty())
        .map_or_else(String::new, |text| format!("<p>{}</p>", mrkdwn(text)))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(body: Value) -> String {
        let page = write(&[Message { received_ms: 1_700_000_000_000, body }]);
        page.strip_prefix(HEAD).unwrap().to_owned()
    }

    #[test]
    fn a_message_is_laid_out() {
        let page = shown(json!({
            "text": "on the phone",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "checkout burns <its> budget"}},
                {"type": "section", "text": {"type": "mrkdwn", "text": "*p99* 2 s\n▁▂▇"}, "fields": [{"type": "mrkdwn", "text": "left"}]},
                {"type": "divider"},
                {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Slow traces"}, "url": "http://127.0.0.1:4319/traces?q=x&y=z"}]},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": "since 10:00"}]},
            ],
        }));
        assert_eq!(
            page,
            "<article><time>22:13:20 UTC</time>\n<h2>checkout burns &lt;its&gt; budget</h2>\
             <p>*p99* 2 s\n▁▂▇</p><div class=\"fields\"><p>left</p></div><hr>\
             <p class=\"button\"><a href=\"http://127.0.0.1:4319/traces?q=x&amp;y=z\" rel=\"noreferrer noopener\" \
             target=\"_blank\">Slow traces</a></p><p class=\"context\">since 10:00</p></article>\n</body></html>\n"
        );
    }

    #[test]
    fn an_attachment_has_a_title_and_a_colour() {
        let page = shown(json!({"attachments": [
            {"color": "danger", "title": "a<b", "title_link": "http://c/d", "text": "e", "fallback": "f"},
            {"color": "\"><script>", "fallback": "only this"},
        ]}));
        assert!(page.contains("<div class=\"attachment danger\"><h2><a href=\"http://c/d\""), "{page}");
        assert!(page.contains(">a&lt;b</a></h2><p>e</p></div>"), "{page}");
        assert!(page.contains("<div class=\"attachment \"><p>only this</p></div>"), "{page}");
    }

    #[test]
    fn nothing_of_a_message_becomes_markup() {
        let hostile = "<img src=x onerror=alert(1)>\"'><script>";
        let object = json!({"type": "plain_text", "text": hostile});
        let mark = json!({"type": "mrkdwn", "text": hostile});
        let button = json!({"type": "button", "text": object, "url": "javascript:alert(1)"});
        let image = json!({"type": "image", "image_url": "data:x\"onload=", "alt_text": hostile});
        let page = shown(json!({
            "text": hostile,
            "blocks": [
                {"type": "header", "text": object}, {"type": "section", "text": mark, "fields": [mark], "accessory": button},
                {"type": "context", "elements": [object, image]}, {"type": "actions", "elements": [button]}, image,
                {"type": hostile, "x": hostile}, hostile, 7, null,
            ],
            "attachments": [{"color": hostile, "title": hostile, "title_link": hostile, "text": hostile, "pretext": hostile,
                "footer": hostile, "fields": [{"title": hostile, "value": hostile}], "blocks": [{"type": "header", "text": object}]}, hostile],
        }));
        for mark in ["<img", "<script", "javascript:alert(1)\"", "onerror=alert(1)>", "href=\"data"] {
            assert!(!page.contains(mark), "{mark}: {page}");
        }
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "{page}");
        assert!(!page.contains("<a "), "{page}");
    }

    #[test]
    fn an_empty_room_says_what_to_do() {
        assert!(write(&[]).contains("No message yet"));
    }
}
