package storesql

// WithClock adds to the time of the database what a table of the tests holds, in
// milliseconds.
func WithClock(table string) Option {
	return func(s *Stores) error {
		s.now = "(" + s.now + " + (SELECT ahead FROM " + table + "))"
		return nil
	}
}
