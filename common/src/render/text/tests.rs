use super::*;

#[test]
fn what_drives_a_terminal_is_escaped() {
    for (text, expected) in [
        ("edp/web", "edp/web"),
        ("\u{1b}[31mred", "\\u{1b}[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u{202e}txt", "\\u{202e}txt"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("größe 界", "größe 界"),
    ] {
        assert_eq!(escaped(text), expected, "{text:?}");
    }
}
