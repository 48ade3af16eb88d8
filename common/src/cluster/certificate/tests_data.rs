//! Tests only: a certificate that has expired, and a key that opens nothing.

/// Version 1, UTCTime: `openssl ca -selfsign -startdate 20240101000000Z -enddate 20260101000000Z`, subject CN=bob.
pub(in crate::cluster) const EXPIRED: &str = "MIIBBDCBqgIBATAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANib2IwHhcNMjQwMTAxMDAwMDAwWhcNMjYwMTAxMDAwMDAwWjAOMQwwCgYDVQQDDANib2IwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQFK2Wj6SFkraw25oihtqatWvgECo9Yp5huvzBZT0w5SpHwwv0dt+mR4TSs3aaGDXMmYtHUSXDTNhbf7cfQbONQMAoGCCqGSM49BAMCA0kAMEYCIQCYlVS0IKVBK7PFvDNVipgQPC+ujxCXHLhQbaXcUeQ0VQIhAIlaywgex3Jx0qwkmfcLlEYEl1VLM7wwE8ITMlx1DmkB";

/// PKCS#8, made for these tests.
pub(in crate::cluster) const KEY_OF_NOBODY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3ZuJPYByb9gN2e0/8wrox36du2WHMn7j6nNWNiqfTF6hRANCAATkyio6Lznz9D2UXz/dUz+bFq23Qu5Tjqn695eeuVzNcd4FkRS3gWEQgcG63ihWOVWGbUxLjWuConTeadP5/XbI";
