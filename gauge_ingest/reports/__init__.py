"""Reports for people, asked of the journal by any process: the day from 08:00 to 08:00, what a shift hands over."""
