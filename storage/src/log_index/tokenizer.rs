//! Words: runs of letters and digits, in lower case. `order_id=5001` is `order`, `id`, `5001`.

use crate::limits::WORD_BYTES;

/// The words of a text as the index has them: in lower case, long ones cut to `WORD_BYTES`.
/// A text can only contain a phrase if it contains all of the phrase's words.
pub fn tokenize(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    let mut word = String::new();
    while next_word(&mut rest, &mut word) {
        words.push(word.clone());
    }
    words
}

/// Takes the next word off the front; false when there is none.
pub fn next_word(rest: &mut &str, word: &mut String) -> bool {
    word.clear();
    let Some(start) = rest.find(|c: char| c.is_alphanumeric()) else {
        *rest = "";
        return false;
    };
    let from = &rest[start..];
    let ascii = from.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let end = match from.as_bytes().get(ascii) {
        // The word may go on with a letter that is not ASCII.
        Some(next) if !next.is_ascii() => from.find(|c: char| !c.is_alphanumeric()).unwrap_or(from.len()),
        _ => ascii,
    };
    push_lower(&from[..end], word);
    *rest = &from[end..];
    true
}

fn push_lower(text: &str, word: &mut String) {
    if text.is_ascii() {
        word.push_str(&text[..text.len().min(WORD_BYTES)]);
        word.make_ascii_lowercase();
        return;
    }
    for c in text.chars().flat_map(char::to_lowercase) {
        if word.len() + c.len_utf8() > WORD_BYTES {
            break;
        }
        word.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        assert_eq!(tokenize("Order_id=5001: card DECLINED!"), ["order", "id", "5001", "card", "declined"]);
        assert_eq!(tokenize("Größe=12µ naïve—ÉTÉ"), ["größe", "12µ", "naïve", "été"]);
        assert_eq!(tokenize("日本語 текст x"), ["日本語", "текст", "x"]);
        assert_eq!(tokenize(" -- "), Vec::<String>::new());
    }

    #[test]
    fn a_long_word_is_cut_the_same_way_wherever_it_is() {
        let long = "Ä".repeat(100);
        let words = tokenize(&long);
        assert_eq!(words, ["ä".repeat(WORD_BYTES / 2)]);
        assert_eq!(tokenize(&format!("x {long}Y"))[1], words[0]);
        assert_eq!(tokenize(&"A".repeat(100)), ["a".repeat(WORD_BYTES)]);
    }
}
