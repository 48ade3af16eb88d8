//! Quantities of Kubernetes, to compare them: `ParseQuantity` of k8s.io/apimachinery/pkg/api/resource.

/// How many digits behind the point are looked at.
const DIGITS: usize = 18;

/// How many of the smallest unit, a billionth, are in one.
const NANOS: u32 = 9;

/// A quantity in billionths, rounded away from nothing; what is larger than can be held is the largest. `None` when
/// the text is none. There, a suffix alone (`k`) is a quantity, of nothing; here it is a text.
pub(super) fn parse(text: &str) -> Option<i128> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number_end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(number_end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction_digits = fraction.get(..DIGITS).unwrap_or(fraction);
    let no_digits = whole.is_empty() && fraction.is_empty();
    if no_digits || fraction.contains('.') {
        return None;
    }
    let Unit { tens, twos } = unit(suffix)?;
    let tens =
        tens.saturating_add(i64::from(NANOS)).saturating_sub(i64::try_from(fraction_digits.len()).ok()?);
    let digits = whole.bytes().chain(fraction_digits.bytes()).map(|digit| i128::from(digit - b'0'));
    let size = scaled(digits, tens, twos);
    Some(if negative { -size } else { size })
}

struct Unit {
    tens: i64,
    twos: u32,
}

fn unit(suffix: &str) -> Option<Unit> {
    let tens = |tens| Some(Unit { tens, twos: 0 });
    let twos = |twos| Some(Unit { tens: 0, twos });
    match suffix {
        "n" => tens(-9),
        "u" => tens(-6),
        "m" => tens(-3),
        "" => tens(0),
        "k" => tens(3),
        "M" => tens(6),
        "G" => tens(9),
        "T" => tens(12),
        "P" => tens(15),
        "E" => tens(18),
        "Ki" => twos(10),
        "Mi" => twos(20),
        "Gi" => twos(30),
        "Ti" => twos(40),
        "Pi" => twos(50),
        "Ei" => twos(60),
        _ => suffix.strip_prefix(['e', 'E'])?.parse().ok().and_then(tens),
    }
}

/// The digits as a number, times 10 to `tens` and 2 to `twos`.
fn scaled(digits: impl Iterator<Item = i128>, tens: i64, twos: u32) -> i128 {
    let number = digits.fold(0_i128, |number, digit| number.saturating_mul(10).saturating_add(digit));
    let number = number.saturating_mul(1_i128 << twos);
    let power = u32::try_from(tens.unsigned_abs()).ok().and_then(|tens| 10_i128.checked_pow(tens));
    match (tens < 0, power) {
        _ if number == 0 => 0,
        (false, power) => number.saturating_mul(power.unwrap_or(i128::MAX)),
        (true, Some(power)) => number / power + i128::from(number % power != 0),
        (true, None) => 1,
    }
}
