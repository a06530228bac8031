package kirim

// misuse is what a method without an error result panics with when its
// receiver cannot work. Its text is safe to log.
type misuse string

func (m misuse) Error() string { return string(m) }
