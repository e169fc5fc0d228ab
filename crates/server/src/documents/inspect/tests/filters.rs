//! Tests of the filters of streams in PDF files, and of the images that they encode.

use super::packed::deflated;
use super::*;

const MIB: usize = 1024 * 1024;

/// Creates a page with content streams and, as object 9, an image, from their entries and bytes.
fn pdf_of(contents: &[(&str, Vec<u8>)], image: (&str, &[u8])) -> Vec<u8> {
    let names: String = (0..contents.len()).map(|at| format!("{} 0 R ", at + 10)).collect();
    let resources = "<< /XObject << /Im 9 0 R >> >>";
    let page = format!("<< /Type /Page /MediaBox [0 0 9 9] /Contents [{names}] /Resources {resources} >>");
    let stream = |members: &str, bytes: &[u8]| {
        let head = format!("<< {members} /Length {} >>\nstream\n", bytes.len());
        [head.as_bytes(), bytes, b"\nendstream"].concat()
    };
    let mut objects = vec![
        (1, b"<< /Type /Catalog /Pages 2 0 R >>".to_vec()),
        (2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec()),
        (3, page.into_bytes()),
        (8, b"2000000".to_vec()),
        (9, stream(&format!("/Type /XObject /Subtype /Image {}", image.0), image.1)),
    ];
    objects.extend(contents.iter().enumerate().map(|(at, (members, bytes))| (at + 10, stream(members, bytes))));
    let (mut file, mut table) = (b"%PDF-1.7\n".to_vec(), "xref\n".to_owned());
    for (number, body) in objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n \n", file.len()));
        file.extend([format!("{number} 0 obj\n").as_bytes(), &body, b"\nendobj\n"].concat());
    }
    let start = file.len();
    file.extend(format!("{table}trailer << /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    file
}

const SMALL: (&str, &[u8]) = ("/Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", b"x");

fn contents(contents: &[(&str, Vec<u8>)]) -> Result<Accepted, InspectError> {
    inspect(AssetKind::Pdf, &pdf_of(contents, SMALL))
}

fn image_of(members: &str, bytes: &[u8]) -> String {
    match inspect(AssetKind::Pdf, &pdf_of(&[], (members, bytes))) {
        Ok(_) => "taken".to_owned(),
        Err(InspectError(reason)) => reason,
    }
}

/// Spaces encoded with LZW, in which each code stands for one more space than the previous code: 3
/// MB in 3 KB.
fn lzw_spaces() -> Vec<u8> {
    let mut bits = format!("{:09b}{:09b}", 256, 32);
    for known in 258..2758 {
        let width = match known + 1 {
            ..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        bits.push_str(&format!("{known:0width$b}"));
    }
    let byte = |bits: &[u8]| bits.iter().enumerate().fold(0_u8, |byte, (at, bit)| byte | ((bit - b'0') << (7 - at)));
    bits.as_bytes().chunks(8).map(byte).collect()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

#[test]
fn every_filter_of_a_stream_is_counted() {
    let runs = [129, b' '].repeat(17_000);
    // Each unpacks to 2.1 to 3.2 MB. The output of the first filter counts, although the last
    // stream's second filter leaves nothing of it.
    let mut streams = vec![
        ("/Filter /LZWDecode", lzw_spaces()),
        ("/Filter [/AHx /LZW]", hex(&lzw_spaces())),
        ("/Filter /RunLengthDecode", runs.clone()),
        ("/Filter [/FlateDecode /RunLengthDecode]", deflated(&runs)),
        ("/Filter /ASCII85Decode", vec![b'z'; 600_000]),
        ("/Filter [/ASCIIHexDecode]", vec![b'2'; 5 * MIB]),
        ("/Filter [/FlateDecode /ASCIIHexDecode]", deflated(&vec![b' '; 3 * MIB])),
    ];
    for stream in &streams {
        assert!(contents(std::slice::from_ref(stream)).is_ok(), "{} alone", stream.0);
    }
    // Together with this they exceed 256 MiB by 1.5 MB, which is less than any of them: if one was
    // not counted, the file would be accepted.
    streams.push(("/Filter /Fl", deflated(&vec![b' '; 239 * MIB + MIB / 2])));
    let refused = contents(&streams);
    assert!(refused.as_ref().is_err_and(|refused| refused.0.contains("more than viewers")), "{refused:?}");
}

#[test]
fn streams_packed_again_and_again_are_counted() {
    let bomb = deflated(&deflated(&vec![b' '; 257 * MIB]));
    let refused = contents(&[("/Filter [/FlateDecode /FlateDecode]", bomb)]).expect_err("refused");
    assert!(refused.0.contains("more than viewers can hold (256 MiB)"), "{refused}");
    let mut packed = b"0 0 m".to_vec();
    for _ in 0..6 {
        packed = deflated(&packed);
    }
    let six = format!("/Filter [{}]", "/FlateDecode ".repeat(6));
    assert!(contents(&[(six.as_str(), packed)]).expect_err("refused").0.contains("compressed more than 5 times"));
}

#[test]
fn filters_that_cannot_be_counted_are_rejected() {
    for (members, why) in [
        ("/Filter /Crypt", "unknown method"),
        ("/Filter /BrotliDecode", "unknown method"),
        ("/Filter [/FlateDecode 7]", "unknown method"),
        ("/Filter [/DCTDecode /FlateDecode]", "unknown method"),
        ("/Filter /DCTDecode", "compressed like one"),
        ("/Filter /JPXDecode", "compressed like one"),
        ("/Filter /FlateDecode", "cannot be decompressed"),
        ("/Filter /LZWDecode", "cannot be decompressed"),
        ("/Filter /AHx", "cannot be decompressed"),
        ("/Filter /Fl /DecodeParms << /Predictor 15 /Columns 8 0 R >>", "impossible parameters"),
        ("/Filter /Fl /DecodeParms << /Predictor 15 /Columns 2000000.0 >>", "impossible parameters"),
        ("/Filter /Fl /DecodeParms << /Colors 1000000 /Columns 1000000 >>", "impossible parameters"),
    ] {
        let refused = contents(&[(members, b"\xff\xff no".to_vec())]).expect_err("refused");
        assert!(refused.0.contains(why), "{members}: {refused}");
    }
}

#[test]
fn images_that_declare_an_absurd_size_are_rejected() {
    assert_eq!(image_of(SMALL.0, SMALL.1), "taken");
    let large = "more than viewers";
    for (members, why) in [
        ("/Width 100000 /Height 100000 /ColorSpace /DeviceGray /BitsPerComponent 8", large),
        ("/Width 100000 /Height 100000 /ImageMask true", large),
        ("/Width 8 0 R /Height 8 0 R /ImageMask true", large),
        ("/Width 9000 /Height 9000 /ColorSpace /DeviceCMYK /BitsPerComponent 8", large),
        ("/Width 9223372036854775807 /Height 9223372036854775807", large),
        ("/Height 1", "no size"),
        ("/Width -1 /Height 1", "no size"),
        ("/Width 1 /Height 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 1000000 /Rows 1000000 >>", large),
    ] {
        let reason = image_of(members, b"x");
        assert!(reason.contains(why), "{members}: {reason}");
    }
    let fax = "/Width 1728 /Height 9 /ImageMask true /Filter /CCF /DecodeParms << /K -1 >>";
    assert_eq!(image_of(fax, b"x"), "taken");
    let image = "/Subtype /Image /Width 99999 /Height 99999 /ColorSpace /DeviceGray";
    let mask = pdf_of(&[(image, Vec::new())], ("/Width 1 /Height 1 /SMask 10 0 R", b"x"));
    assert!(reason(AssetKind::Pdf, &mask).contains(large));
}

#[test]
fn coded_images_must_have_the_size_that_they_may() {
    let declared = "/Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8";
    let coded = |filter: &str, bytes: &[u8]| image_of(&format!("{declared} /Filter {filter}"), bytes);
    let small = jpeg();
    assert_eq!(coded("/DCTDecode", &small), "taken");
    assert_eq!(coded("[/FlateDecode /DCTDecode]", &deflated(&small)), "taken");
    let mut vast = small.clone();
    let size = vast.windows(2).position(|window| window == [0xff, 0xc0]).expect("a frame") + 5;
    vast[size..size + 4].copy_from_slice(&[0xff; 4]);
    assert!(coded("/DCTDecode", &vast).contains("more than viewers"));
    assert!(coded("[/Fl /DCT]", &deflated(&vast)).contains("more than viewers"));
    let scans = [&small[..], &[0xff, 0xda].repeat(30)].concat();
    assert!(coded("/DCTDecode", &scans).contains("too many scans: more than 30"));
    assert!(coded("/DCTDecode", b"no JPEG").contains("cannot be read"));

    let codestream = |side: u32| {
        let size = [side, side, 0, 0, side, side, 0, 0].map(u32::to_be_bytes).concat();
        [&[0xff_u8, 0x4f, 0xff, 0x51, 0, 41, 0, 0][..], &size, &[0, 1, 7, 1, 1]].concat()
    };
    let boxes = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\0jp2c";
    let boxed = |side: u32| [&boxes[..], &codestream(side)].concat();
    assert_eq!(coded("/JPXDecode", &codestream(8)), "taken");
    assert_eq!(coded("/JPXDecode", &boxed(8)), "taken");
    assert!(coded("/JPXDecode", &boxed(100_000)).contains("more than viewers"));
    assert!(coded("/JPXDecode", b"no JPEG 2000").contains("cannot be read"));

    let page = |side: u32| {
        let sides = [side, side, 0, 0].map(u32::to_be_bytes).concat();
        [&[0_u8, 0, 0, 0, 48, 0, 1, 0, 0, 0, 19][..], &sides, &[0, 0, 0]].concat()
    };
    assert_eq!(coded("/JBIG2Decode", &page(8)), "taken");
    assert!(coded("/JBIG2Decode", &page(100_000)).contains("more than viewers"));
    let globals = "/JBIG2Decode /DecodeParms << /JBIG2Globals 10 0 R >>";
    let members = format!("{declared} /Filter {globals}");
    let file = pdf_of(&[("", page(100_000))], (members.as_str(), &page(8)));
    assert!(reason(AssetKind::Pdf, &file).contains("more than viewers"));
}
