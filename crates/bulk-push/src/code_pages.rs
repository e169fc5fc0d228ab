//! The encodings that can be decoded.

/// The characters of code page 850, in which DOS programs write, from 0x80.
const CP850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// An encoding that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One of the Encoding Standard.
    Standard(&'static encoding_rs::Encoding),
    /// Code page 850, which the standard does not have.
    Cp850,
}

impl Encoding {
    /// Finds an encoding by its name.
    pub fn of(label: &str) -> Option<Self> {
        match &*label.trim().to_ascii_lowercase() {
            "cp850" | "ibm850" | "850" => Some(Self::Cp850),
            label => encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()).map(Self::Standard),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Standard(encoding) => encoding.name(),
            Self::Cp850 => "cp850",
        }
    }

    /// Returns whether each byte is one character, so that it reads any file.
    pub fn is_single_byte(self) -> bool {
        match self {
            Self::Standard(encoding) => encoding.is_single_byte(),
            Self::Cp850 => true,
        }
    }

    /// Returns the text without a byte order mark, if all bytes are valid.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Standard(encoding) => {
                let (text, has_errors) = encoding.decode_with_bom_removal(bytes);
                (!has_errors).then(|| text.into_owned())
            }
            Self::Cp850 => {
                let upper: Vec<char> = CP850.chars().collect();
                let character = |byte: &u8| match byte.checked_sub(0x80) {
                    Some(at) => upper.get(usize::from(at)).copied(),
                    None => Some(char::from(*byte)),
                };
                bytes.iter().map(character).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_page_850_has_a_character_for_each_byte() {
        let dos = Encoding::of("CP850").expect("known");
        let all: Vec<u8> = (0..=0xff).collect();
        let text = dos.decode(&all).expect("all bytes");
        assert_eq!(text.chars().count(), 256);
        assert_eq!(dos.decode(b"J\x81rgen Gr\x94\xe1e"), Some("J\u{fc}rgen Gr\u{f6}\u{df}e".to_owned()));
        assert!(dos.is_single_byte() && Encoding::of("windows-1252").is_some_and(Encoding::is_single_byte));
        assert!(Encoding::of("gbk").is_some_and(|gbk| !gbk.is_single_byte() && gbk.decode(b"\xff").is_none()));
    }
}
