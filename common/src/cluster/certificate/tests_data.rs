//! Tests only: a certificate that has expired.

/// Version 1, UTCTime: `openssl ca -selfsign -startdate 20240101000000Z -enddate 20260101000000Z`, subject CN=bob.
pub(in crate::cluster) const EXPIRED: &str = "MIIBBDCBqgIBATAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANib2IwHhcNMjQwMTAxMDAwMDAwWhcNMjYwMTAxMDAwMDAwWjAOMQwwCgYDVQQDDANib2IwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQFK2Wj6SFkraw25oihtqatWvgECo9Yp5huvzBZT0w5SpHwwv0dt+mR4TSs3aaGDXMmYtHUSXDTNhbf7cfQbONQMAoGCCqGSM49BAMCA0kAMEYCIQCYlVS0IKVBK7PFvDNVipgQPC+ujxCXHLhQbaXcUeQ0VQIhAIlaywgex3Jx0qwkmfcLlEYEl1VLM7wwE8ITMlx1DmkB";
