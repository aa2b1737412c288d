//! The values of a JSON text and where they stand, found without the parser that the exporter reads with.
//!
//! Knows nothing of what the values mean. Of a text that is not JSON it finds something or nothing: a reader takes
//! nothing from one.

/// A number, a text or a word of the JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// What stands there.
    pub value: Value,
}

/// What a leaf is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number, letter by letter as it is written.
    Number(String),
    /// A text, its escapes resolved.
    Text(String),
    /// `true`, `false` or `null`.
    Word(String),
}

impl Value {
    /// Whether that whole number is what is written here: digit by digit as a number, up to zeros in front as a text.
    pub fn is_whole(&self, number: i128) -> bool {
        match self {
            Self::Number(written) => *written == number.to_string(),
            Self::Text(text) => {
                let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
                let significant = digits.trim_start_matches('0');
                let written = match significant {
                    "" if digits.is_empty() => return false,
                    "" => "0".to_owned(),
                    significant => format!("{sign}{significant}"),
                };
                written == number.to_string()
            }
            Self::Word(_) => false,
        }
    }

    /// Whether that number is the nearest there is to what is written here. Texts are no numbers.
    pub fn is_number(&self, number: f64) -> bool {
        let Self::Number(written) = self else { return false };
        written.parse::<f64>().is_ok_and(|written| written.to_bits() == number.to_bits())
    }

    /// The text, or the digits of a whole number that stands in for one; none if it is empty.
    pub fn filled(&self) -> Option<&str> {
        match self {
            Self::Number(text) | Self::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            Self::Word(_) => None,
        }
    }
}

/// Every number, text and word of a JSON text, in its order.
pub fn leaves(json: &[u8]) -> Vec<Leaf> {
    let mut walk = Walk { rest: json, frames: Vec::new(), leaves: Vec::new() };
    while walk.step().is_some() {}
    walk.leaves
}

/// A list or an object that is open, and where in it the walk is.
enum Frame {
    List(usize),
    Object { key: String, key_is_next: bool },
}

struct Walk<'a> {
    rest: &'a [u8],
    frames: Vec<Frame>,
    leaves: Vec<Leaf>,
}

impl Walk<'_> {
    fn step(&mut self) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        match first {
            b'"' => {
                self.rest = rest;
                let text = self.text();
                match self.frames.last_mut() {
                    Some(Frame::Object { key, key_is_next: true }) => *key = text,
                    _ => self.leaf(Value::Text(text)),
                }
            }
            b'-' | b'0'..=b'9' => {
                let number = self.run(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
                self.leaf(Value::Number(number));
            }
            b'a'..=b'z' => {
                let word = self.run(|byte| byte.is_ascii_lowercase());
                self.leaf(Value::Word(word));
            }
            _ => {
                self.rest = rest;
                self.structure(*first);
            }
        }
        Some(())
    }

    fn structure(&mut self, byte: u8) {
        match (byte, self.frames.last_mut()) {
            (b'{', _) => self.frames.push(Frame::Object { key: String::new(), key_is_next: true }),
            (b'[', _) => self.frames.push(Frame::List(0)),
            (b'}' | b']', _) => {
                self.frames.pop();
            }
            (b',', Some(Frame::List(index))) => *index += 1,
            (b',', Some(Frame::Object { key_is_next, .. })) => *key_is_next = true,
            (b':', Some(Frame::Object { key_is_next, .. })) => *key_is_next = false,
            _ => {}
        }
    }

    fn leaf(&mut self, value: Value) {
        let step = |frame: &Frame| match frame {
            Frame::List(index) => format!("/{index}"),
            Frame::Object { key, .. } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        };
        let pointer = self.frames.iter().map(step).collect();
        self.leaves.push(Leaf { pointer, value });
    }

    /// Takes the bytes up to the first that does not belong.
    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> String {
        let end = self.rest.iter().position(|byte| !belongs(*byte)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        String::from_utf8_lossy(run).into_owned()
    }

    /// Takes a text whose opening quote is taken.
    fn text(&mut self) -> String {
        let mut text = Vec::new();
        while let Some((byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'"' => break,
                b'\\' => self.escape(&mut text),
                byte => text.push(*byte),
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Takes an escape whose backslash is taken.
    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some((byte, rest)) = self.rest.split_first() else { return };
        self.rest = rest;
        let c = match byte {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.utf_16(),
            byte => char::from(*byte),
        };
        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Takes four hexadecimal digits, and the other half where they are half of a pair.
    fn utf_16(&mut self) -> char {
        let Some(first) = self.hexadecimal(0) else { return char::REPLACEMENT_CHARACTER };
        let second = if self.rest.get(4..6) == Some(b"\\u") { self.hexadecimal(6) } else { None };
        let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
        match pair {
            // One unit is a character of its own: the other is read by itself.
            Some(c) if c.len_utf16() == 2 => {
                self.rest = self.rest.get(10..).unwrap_or_default();
                c
            }
            _ => {
                self.rest = self.rest.get(4..).unwrap_or_default();
                char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
        }
    }

    fn hexadecimal(&self, at: usize) -> Option<u16> {
        u16::from_str_radix(std::str::from_utf8(self.rest.get(at..at + 4)?).ok()?, 16).ok()
    }
}
