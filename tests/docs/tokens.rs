//! The tokens of Rust source, as far as they must be told apart to find macros and texts: words, texts and single marks.
//! Comments are none. Numbers count as words, and so do the names of lifetimes.

/// A token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a keyword or a number.
    Word(String),
    /// A text, as the program has it: without quotes and escapes.
    Text(String),
    /// Any other character.
    Mark(char),
}

/// The tokens of that source.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut rest = source;
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = behind_comment(rest);
        } else if let Some((text, behind)) = raw_text(rest) {
            tokens.push(Token::Text(text.to_owned()));
            rest = behind;
        } else if first == '"' {
            let (text, behind) = text(&rest[1..]);
            tokens.push(Token::Text(text));
            rest = behind;
        } else if let Some(behind) = behind_character(rest) {
            rest = behind;
        } else if is_of_word(first) {
            let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
            // The letter before the quotes of a text of bytes is of the text.
            if !(rest[end..].starts_with('"') && ["b", "c"].contains(&&rest[..end])) {
                tokens.push(Token::Word(rest[..end].to_owned()));
            }
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What follows a comment that may hold others.
fn behind_comment(source: &str) -> &str {
    let (mut depth, mut rest) = (0, source);
    loop {
        if let Some(behind) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, behind);
        } else if let Some(behind) = rest.strip_prefix("*/") {
            (depth, rest) = (depth - 1, behind);
        } else {
            let Some(c) = rest.chars().next() else { return "" };
            rest = &rest[c.len_utf8()..];
        }
        if depth == 0 {
            return rest;
        }
    }
}

/// A raw text, which has no escapes, and what follows it.
fn raw_text(source: &str) -> Option<(&str, &str)> {
    let behind = ["r", "br", "cr"].iter().find_map(|letters| source.strip_prefix(letters))?;
    let text = behind.trim_start_matches('#');
    let end = format!("\"{}", &behind[..behind.len() - text.len()]);
    text.strip_prefix('"')?.split_once(&end)
}

/// A text whose first quote has been read, and what follows it.
fn text(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = source.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => match characters.next() {
                // The line goes on where the next one begins.
                Some('\n') => characters = characters.as_str().trim_start().chars(),
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('u') => {
                    let (code, behind) = characters.as_str().split_once('}').unwrap_or_default();
                    let code = u32::from_str_radix(code.trim_start_matches('{'), 16).ok();
                    text.extend(code.and_then(char::from_u32));
                    characters = behind.chars();
                }
                escaped => text.extend(escaped),
            },
            c => text.push(c),
        }
    }
    (text, characters.as_str())
}

/// What follows a character in its quotes; nothing where the quote is that of a lifetime.
fn behind_character(source: &str) -> Option<&str> {
    let mut characters = source.strip_prefix('\'')?.chars();
    if characters.next()? == '\\' {
        let escaped = characters.next()?;
        let behind = characters.as_str();
        return if escaped == 'u' { Some(behind.split_once("}'")?.1) } else { Some(behind.split_once('\'')?.1) };
    }
    characters.as_str().strip_prefix('\'')
}

#[test]
fn texts_are_as_the_program_has_them() {
    let text = |source| match &tokens(source)[..] {
        [Token::Text(text)] => text.clone(),
        other => panic!("{source}: {other:?}"),
    };
    assert_eq!(text(r#""can't be \"used\"""#), "can't be \"used\"");
    assert_eq!(text("\"one \\\n      line\""), "one line");
    assert_eq!(text(r#""caf\u{e9}""#), "café");
    assert_eq!(text(r##"r#"a "raw" \n one"#"##), r#"a "raw" \n one"#);
    assert_eq!(text(r#"b"bytes""#), "bytes");
}

#[test]
fn quotes_of_characters_and_lifetimes_begin_no_text() {
    let words = |source| {
        let tokens = tokens(source);
        tokens.into_iter().filter_map(|token| if let Token::Word(word) = token { Some(word) } else { None }).collect()
    };
    let found: Vec<String> = words(r#"fn f<'a>(c: &'a str) { ['"', '\'', '\\', '\u{22}', 'x'] end }"#);
    assert_eq!(found, ["fn", "f", "a", "c", "a", "str", "end"]);
}

#[test]
fn comments_are_no_tokens() {
    assert_eq!(tokens("// one \"\n/* two /* three */ \" */ //").len(), 0);
}
