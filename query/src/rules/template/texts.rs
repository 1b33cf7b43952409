//! The functions of a template that make text of text.

pub fn changed(name: &str, text: &str) -> String {
    match name {
        "toUpper" => text.to_uppercase(),
        "toLower" => text.to_lowercase(),
        "title" => titled(text),
        "stripPort" => without_port(text).to_owned(),
        "stripDomain" => without_domain(text),
        _ => text.to_owned(),
    }
}

/// Every word with a capital.
fn titled(text: &str) -> String {
    let mut in_word = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let letter = c.is_alphanumeric() || c == '_' || c == '\'';
        if letter && !in_word {
            out.extend(c.to_uppercase())
        } else {
            out.push(c)
        }
        in_word = letter;
    }
    out
}

fn without_port(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, _)) if host.starts_with('[') && host.ends_with(']') => &host[1..host.len() - 1],
        Some((host, _)) if !host.contains(':') => host,
        _ => address,
    }
}

fn without_domain(address: &str) -> String {
    let host = without_port(address);
    // An address of version 6 may name its zone.
    let bare = host.split_once('%').map_or(host, |(bare, _)| bare);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return address.to_owned();
    }
    let port = address.strip_prefix(host).unwrap_or_default();
    format!("{}{port}", host.split('.').next().unwrap_or_default())
}

/// As part of an HTML page.
pub fn html(text: &str) -> String {
    let escaped = |c: char| match c {
        '\0' => "\u{fffd}".to_owned(),
        '"' => "&#34;".to_owned(),
        '\'' => "&#39;".to_owned(),
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// As part of a string of JavaScript.
pub fn js(text: &str) -> String {
    let escaped = |c: char| match c {
        '\\' => r"\\".to_owned(),
        '\'' => r"\'".to_owned(),
        '"' => "\\\"".to_owned(),
        '<' | '>' | '&' | '=' => format!(r"\u{:04X}", c as u32),
        c if c < ' ' => format!(r"\u{:04X}", c as u32),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}
