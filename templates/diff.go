package templates

// DiffState says how a template in a file relates to the one in an account.
type DiffState string

// States of a [Difference].
const (
	DiffSame    DiffState = "same"    // all that the account says is as in the file
	DiffChanged DiffState = "changed" // something is another in the account
	DiffNew     DiffState = "new"     // in the files only
	DiffRemote  DiffState = "remote"  // in the account only
	// DiffIncomparable is the state where all that the account says is as in the file, but
	// where it does not say all.
	DiffIncomparable DiffState = "incomparable"
)

// Difference is what differs between a file and an account, in one language.
type Difference struct {
	Name     string    `json:"name"`
	Language string    `json:"language"`
	State    DiffState `json:"state"`
	Changes  []Change  `json:"changes,omitempty"`
	Path     string    `json:"path,omitempty"` // of the file
	Position           // of the language in it
	Remote   *Remote   `json:"-"` // nil for none
	file     *File
	language *Language
}

// Change is one thing that differs.
type Change struct {
	Field    string `json:"field"` // such as languages.id.body
	Position        // in the file, or of what is around it
	// Before is what the account has, After what the file has. Either may be empty or have
	// several lines.
	Before string `json:"before"`
	After  string `json:"after"`
	// Comparable is false where the account does not say enough to tell whether there is
	// a difference; Note says why.
	Comparable bool   `json:"comparable"`
	Note       string `json:"note,omitempty"`
}

// Diff compares files with what an account has, each template in each language: first
// those of the files in their order, then what only the account has.
func Diff(files []*File, remotes []*Remote) []Difference {
	return nil
}

// remoteOf returns the template in a language, nil when there is none.
func remoteOf(remotes []*Remote, name, language string) *Remote {
	for _, r := range remotes {
		if r.Name == name && r.Language == language {
			return r
		}
	}
	return nil
}
