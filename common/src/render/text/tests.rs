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

#[test]
fn what_cannot_be_seen_is_escaped() {
    let hidden = [
        "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\u{180e}\u{180f}",
        "\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}",
        "\u{2060}\u{2061}\u{2064}\u{2066}\u{2069}\u{206a}\u{206f}\u{3164}\u{fe00}\u{fe0f}\u{feff}\u{ffa0}",
        "\u{fff9}\u{fffb}\u{1bca0}\u{1d173}\u{e0001}\u{e007f}\u{e0100}\u{e0fff}",
    ];
    for c in hidden.into_iter().flat_map(str::chars) {
        let text = format!("a{c}b");
        assert_eq!(escaped(&text), format!("a\\u{{{:x}}}b", u32::from(c)));
    }
}

#[test]
fn what_can_be_seen_stays() {
    let text = "\u{a0}é\u{301}\u{2010}\u{2027}\u{202f}\u{205f}\u{2070}\u{fffd}🦀";
    assert_eq!(escaped(text), text);
}
