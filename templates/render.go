package templates

// YAML returns the file in its canonical form: [Parse] makes the same file of it. It
// has no comments.
func (f *File) YAML() []byte { return nil }

// JSON returns the file as YAML does, in JSON.
func (f *File) JSON() []byte { return nil }
