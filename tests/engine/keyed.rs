//! What stands in for the plugin's keyed functions where SQL is run without a Trino. `tests/trino/keyed.rs` runs the real ones.

use sha2::{Digest, Sha256};

use crate::engine::cell::Cell;

/// One cell for each value, of the value's kind.
pub(super) fn pseudonym(cell: &Cell) -> Cell {
    let digest = |bytes: &[u8]| Sha256::digest(bytes)[..16].to_vec();
    let hexadecimal = |text: &str| digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match cell {
        Cell::Text(text) => Cell::Text(hexadecimal(text)),
        Cell::Char(text) => Cell::Char(hexadecimal(text)),
        Cell::Bytes(bytes) => Cell::Bytes(digest(bytes)),
        Cell::Integer(number) => Cell::Integer(number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1)),
        Cell::Opaque => Cell::Opaque,
        cell => panic!("no pseudonym of {cell:?}"),
    }
}

/// Other text of the same form; `None` where the form has fewer than a million texts, or letters beyond ASCII.
pub(super) fn format_preserving(text: &str) -> Option<String> {
    let texts: f64 = text
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                10.0
            } else if c.is_ascii_alphabetic() {
                26.0
            } else {
                1.0
            }
        })
        .product();
    let next = |c: char| match c {
        '9' => '0',
        'z' => 'a',
        'Z' => 'A',
        c if c.is_ascii_alphanumeric() => char::from(c as u8 + 1),
        c => c,
    };
    (text.is_ascii() && texts >= 1_000_000.0).then(|| text.chars().map(next).collect())
}
