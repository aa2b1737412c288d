//! Finding secrets in a text however it quotes them: as they are, in JSON, in an address, on a page, in base64, cut at
//! the text's end. Knows nothing of answers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// As many characters of a secret, at the end of a text that was cut, are taken for its beginning.
const BEGINNING: usize = 4;
/// Less of what base64 makes of a secret may stand in any text by chance.
const LEAST_BASE64: usize = 6;
/// No way of quoting makes more bytes of a character.
const LONGEST_QUOTE: usize = 16;
const MARK: &str = "<redacted>";

/// What is not to stand in a text.
#[derive(Default)]
pub(super) struct Secrets {
    patterns: Vec<Pattern>,
}

struct Pattern {
    chars: Vec<char>,
    /// Part of a longer text in base64, which holds the secret as a whole.
    base64: bool,
}

impl Secrets {
    /// Adds a secret.
    pub(super) fn add(&mut self, secret: &str) {
        let mut chars: Vec<char> = secret.chars().collect();
        // How many of them a text means depends on its way of quoting.
        chars.dedup_by(|one, other| (*one, *other) == ('\\', '\\'));
        if !chars.is_empty() {
            self.patterns.push(Pattern { chars, base64: false });
            self.add_base64(secret);
        }
    }

    /// Adds what base64 makes of a secret, wherever in a longer text it begins.
    pub(super) fn add_base64(&mut self, secret: &str) {
        for (shift, before) in [&b""[..], b"x", b"xx"].into_iter().enumerate() {
            let text = [before, secret.as_bytes()].concat();
            // The characters that are made of the secret alone.
            let (begin, end) = ((shift * 8).div_ceil(6), text.len() * 8 / 6);
            if end < begin + LEAST_BASE64 {
                continue;
            }
            let mut alphabets = vec![STANDARD.encode(&text), URL_SAFE.encode(&text)];
            alphabets.dedup();
            let chars = alphabets.iter().map(|encoded| encoded[begin..end].chars().collect());
            self.patterns.extend(chars.map(|chars| Pattern { chars, base64: true }));
        }
    }

    /// Whether one of them is in the text.
    pub(super) fn are_in(&self, text: &str) -> bool {
        text.char_indices().any(|(at, _)| self.at(&text[at..]).is_some())
    }

    /// The text without them.
    pub(super) fn taken_out(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        // Where in `out` begins what stood in the text itself.
        let mut kept = 0;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let Some((length, base64)) = self.at(rest) else {
                out.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            };
            rest = &rest[length..];
            if base64 {
                out.truncate(kept + out[kept..].trim_end_matches(is_base64).len());
                rest = rest.trim_start_matches(is_base64).trim_start_matches('=');
            }
            out.push_str(MARK);
            kept = out.len();
        }
        out
    }

    /// How long the secret is that the text begins with, in bytes, and whether it is part of a text in base64.
    fn at(&self, text: &str) -> Option<(usize, bool)> {
        let found = self.patterns.iter().filter_map(|pattern| Some((pattern.at(text)?, pattern.base64)));
        found.max_by_key(|(length, _)| *length)
    }
}

impl Pattern {
    fn at(&self, text: &str) -> Option<usize> {
        let mut rest = text;
        for (position, wanted) in self.chars.iter().enumerate() {
            match quoted(*wanted, rest) {
                Some(length) => {
                    rest = &rest[length..];
                    while *wanted == '\\'
                        && let Some(more) = quoted('\\', rest)
                    {
                        rest = &rest[more..];
                    }
                }
                None if position >= BEGINNING && is_cut(rest) => return Some(text.len()),
                None => return None,
            }
        }
        Some(text.len() - rest.len())
    }
}

/// Whether nothing follows, or nothing but the beginning of a quoted character.
fn is_cut(rest: &str) -> bool {
    rest.is_empty() || (rest.len() < LONGEST_QUOTE && rest.starts_with(['\\', '%', '&']) && !rest.contains([' ', ';']))
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')
}

/// How many bytes of the text are that character, in whatever way it is quoted there.
fn quoted(wanted: char, text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let special = match first {
        '\\' => in_json(wanted, text),
        '%' => in_address(wanted, text),
        '&' => on_page(wanted, text),
        '+' if wanted == ' ' => Some(1),
        _ => None,
    };
    special.or_else(|| (first == wanted).then(|| first.len_utf8()))
}

/// `\"` and `\u0022`, also where JSON stands in JSON.
fn in_json(wanted: char, text: &str) -> Option<usize> {
    let mut rest = text;
    let mut by_number = || {
        for unit in wanted.encode_utf16(&mut [0; 2]) {
            let digits = rest.trim_start_matches('\\').strip_prefix('u')?;
            let found = u16::from_str_radix(digits.get(..4)?, 16).ok()?;
            rest = (found == *unit).then_some(&digits[4..])?;
        }
        Some(text.len() - rest.len())
    };
    by_number().or_else(|| {
        let after = text.trim_start_matches('\\');
        let slashes = text.len() - after.len();
        match wanted {
            '\\' => Some(slashes),
            _ => after.starts_with(wanted).then(|| slashes + wanted.len_utf8()),
        }
    })
}

/// `%22`, also where an address stands in an address: `%2522`.
fn in_address(wanted: char, text: &str) -> Option<usize> {
    let mut rest = text;
    for byte in wanted.encode_utf8(&mut [0; 4]).bytes() {
        rest = rest.strip_prefix('%')?;
        while rest.starts_with("25") && (byte != b'%' || rest.starts_with("2525")) {
            rest = &rest[2..];
        }
        let found = u8::from_str_radix(rest.get(..2)?, 16).ok()?;
        rest = (found == byte).then_some(&rest[2..])?;
    }
    Some(text.len() - rest.len())
}

/// `&quot;`, `&#34;` and `&#x22;`, also where a page stands in a page: `&amp;quot;`.
fn on_page(wanted: char, text: &str) -> Option<usize> {
    let after = text.strip_prefix('&')?;
    let rest = after.trim_start_matches("amp;");
    let name = rest.split(';').next().filter(|name| name.len() < rest.len() && name.len() < LONGEST_QUOTE);
    let named = name.and_then(|name| match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let hexadecimal = number.strip_prefix(['x', 'X']);
            let number = hexadecimal.map_or_else(|| number.parse(), |digits| u32::from_str_radix(digits, 16));
            char::from_u32(number.ok()?)
        }
    });
    match name {
        Some(name) if named == Some(wanted) => Some(text.len() - rest.len() + name.len() + 1),
        _ => (wanted == '&' && rest.len() < after.len()).then(|| text.len() - rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a\"b\\c d<e>&f'g/h+i%\u{e9}j";

    fn taken_out(text: &str) -> String {
        let mut secrets = Secrets::default();
        secrets.add(SECRET);
        secrets.taken_out(text)
    }

    #[test]
    fn a_text_without_secrets_stays_as_it_is() {
        for text in ["", "a\"b", "%zz &amp; \\u00 \\", "Basic MzYzOg==", "\u{430}&#;&#x;%"] {
            assert_eq!(taken_out(text), text);
        }
    }

    #[test]
    fn a_secret_is_found_however_it_is_quoted() {
        for quoted in [
            SECRET,
            "a\\\"b\\\\c d<e>&f'g/h+i%\u{e9}j",
            "a\\\"b\\\\c d\\u003ce\\u003e\\u0026f'g\\/h+i%\\u00e9j",
            "a\\\\\\\"b\\\\\\\\c d<e>&f'g/h+i%\u{e9}j",
            "a\\u0022b\\u005Cc\\u0020d\\u003Ce\\u003E\\u0026f\\u0027g\\u002Fh\\u002Bi\\u0025\\u00E9j",
            "a%22b%5Cc%20d%3Ce%3E%26f%27g%2Fh%2Bi%25%C3%A9j",
            "a%22b%5cc+d%3ce%3e%26f'g/h%2bi%25%c3%a9j",
            "a%2522b%255Cc%2520d%253Ce%253E%2526f%2527g%252Fh%252Bi%2525%25C3%25A9j",
            "a&quot;b\\c d&lt;e&gt;&amp;f&#39;g/h+i%\u{e9}j",
            "a&#34;b&#x5c;c d&#60;e&#62;&#38;f&apos;g&#x2F;h+i%&#233;j",
            "a&amp;quot;b\\c d&amp;lt;e&amp;gt;&amp;amp;f&amp;#39;g/h+i%\u{e9}j",
        ] {
            assert_eq!(taken_out(&format!("<{quoted}> {quoted}")), "<<redacted>> <redacted>", "{quoted}");
        }
    }

    #[test]
    fn a_secret_is_found_in_base64_wherever_it_begins_there() {
        for before in ["", "1:", "22:", "363:", "{\"key\": \""] {
            for after in ["", "!", "??"] {
                let text = format!("{before}{SECRET}{after}");
                for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                    assert_eq!(taken_out(&format!("Basic {encoded}, {encoded}")), "Basic <redacted>, <redacted>");
                }
            }
        }
    }

    #[test]
    fn base64_is_found_in_an_address() {
        let encoded = STANDARD.encode(format!("363:{SECRET}")).replace('+', "%2B").replace('/', "%2f");
        let shown = taken_out(&format!("?from={encoded}&x=1"));
        assert!(shown.starts_with("?from=<redacted>") && shown.ends_with("&x=1") && shown.len() < 30, "{shown}");
    }

    #[test]
    fn a_secret_cut_at_the_end_of_the_text_is_taken_out() {
        for cut in ["a\"b\\c d", "a%22b%5Cc%20d%3", "a&quot;b\\c d&l", "a\\\"b\\\\c d\\u00"] {
            assert_eq!(taken_out(&format!("key {cut}")), "key <redacted>", "{cut}");
        }
    }

    #[test]
    fn characters_of_two_units_are_found() {
        let mut secrets = Secrets::default();
        secrets.add("key\u{1f511}key");
        for quoted in ["key\u{1f511}key", "key\\ud83d\\udd11key", "key%F0%9F%94%91key", "key&#128273;key"] {
            assert_eq!(secrets.taken_out(quoted), MARK, "{quoted}");
        }
    }

    #[test]
    fn backslashes_are_found_however_many_the_text_makes_of_them() {
        let mut secrets = Secrets::default();
        secrets.add("a\\\\b\\c");
        for quoted in ["a\\\\b\\c", "a\\\\\\\\b\\\\c", "a%5C%5Cb%5Cc", "a\\u005c\\u005cb\\u005cc"] {
            assert_eq!(secrets.taken_out(quoted), MARK, "{quoted}");
        }
    }
}
