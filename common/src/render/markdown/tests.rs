use super::*;

#[test]
fn nothing_in_a_cell_is_markup() {
    for (cell, expected) in [
        ("edp/web", "edp/web"),
        ("<none>", "\\<none\\>"),
        ("a|b", "a\\|b"),
        ("[x](y) *b* _c_ `d` \\", "\\[x\\](y) \\*b\\* \\_c\\_ \\`d\\` \\\\"),
        ("&lt;b&gt;", "\\&lt;b\\&gt;"),
        ("~~gone~~", "\\~\\~gone\\~\\~"),
        ("@octocat", "\\@<!-- -->octocat"),
    ] {
        assert_eq!(escaped(cell), expected, "{cell:?}");
    }
}
