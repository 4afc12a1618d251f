"""NEXMark's bids, and its queries 15 to 17 as views."""
