package templates

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// DiffState says how a template in a file relates to the one in an account.
type DiffState string

// States of a [Difference].
const (
	DiffSame    DiffState = "same"    // all that the account says is as in the file
	DiffChanged DiffState = "changed" // something is another in the account
	DiffNew     DiffState = "new"     // in the files only
	DiffRemote  DiffState = "remote"  // in the account only
	// DiffIncomparable is the state where all that the account says is as in the file, but
	// where one of them does not say all.
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

// Change is one thing that differs, or may differ.
type Change struct {
	Field    string `json:"field"` // such as languages.id.body
	Position        // in the file, or of what is around it
	// Before is what the account has, After what the file has. Either may be empty or have
	// several lines.
	Before string `json:"before"`
	After  string `json:"after"`
	// Comparable is false where there is no telling whether there is a difference; Note
	// says why.
	Comparable bool   `json:"comparable"`
	Note       string `json:"note,omitempty"`

	aside bool // not comparable, and never a difference
}

const (
	noteUnsaid = "the account does not say it"
	noteMarked = "the account did not say it when the file was pulled"
	noteGuess  = "the account says it only with a text of Meta's"
	noteMedia  = "samples of media are not compared: an account returns another link than it was sent"
	noteNoTTL  = "the file leaves it to Meta"
)

// Diff compares files with what an account has, each template in each language: first
// those of the files in their order, then what only the account has.
//
// It compares what the templates mean. The order of components, the case of types and
// what is the default do not matter. The links and handles of media samples are never a
// difference, and neither are the texts that Meta writes for authentication. That an
// account reads back a button for one-time codes as a button with a link is documented by
// Meta; that the link has the type and the app of the button is taken from its examples.
func Diff(files []*File, remotes []*Remote) []Difference {
	var differences []Difference
	seen := make(map[*Remote]bool)
	for _, f := range files {
		for i := 0; f != nil && i < len(f.Languages); i++ {
			l := &f.Languages[i]
			r := remoteOf(remotes, f.Name, l.Code)
			seen[r] = true
			differences = append(differences, f.difference(l, r))
		}
	}
	for _, r := range remotes {
		if !seen[r] {
			differences = append(differences, Difference{Name: r.Name, Language: r.Language, State: DiffRemote, Remote: r})
		}
	}
	return differences
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

// difference compares a language of a file with what the account has.
func (f *File) difference(l *Language, r *Remote) Difference {
	at := childPath("languages", l.Code)
	d := Difference{
		Name: f.Name, Language: l.Code, State: DiffNew, Path: f.path, Position: f.Position(at),
		Remote: r, file: f, language: l,
	}
	if r == nil {
		return d
	}
	add := func(field string, c Change) {
		c.Field, c.Position = field, f.Position(field)
		if n := f.nodes[field]; n != nil && len(l.Components) == 0 {
			names := f.variables(n.Value)
			c.Before, c.After = withNames(c.Before, names), withNames(c.After, names)
		}
		d.Changes = append(d.Changes, c)
	}
	if len(l.Unknown) > 0 {
		marks := make([]string, len(l.Unknown))
		for i, mark := range l.Unknown {
			marks[i] = string(mark)
		}
		add(at+".unknown", Change{After: strings.Join(marks, ", "), Note: noteMarked})
	}
	category := "category"
	if l.Category != "" {
		category = at + ".category"
	}
	before, after := strings.ToUpper(string(r.Category)), strings.ToUpper(string(f.category(l)))
	switch {
	case after == "" || before == after:
	case before == "":
		add(category, Change{After: after, Note: noteUnsaid})
	default:
		add(category, Change{Before: before, After: after, Comparable: true})
	}
	f.compareTTL(l, r, add)
	if !slices.Contains(l.Unknown, UnknownContent) {
		f.compareContent(l, r, add)
	}
	d.State = stateOf(d.Changes)
	return d
}

func stateOf(changes []Change) DiffState {
	state := DiffSame
	for _, c := range changes {
		switch {
		case c.Comparable:
			return DiffChanged
		case !c.aside:
			state = DiffIncomparable
		}
	}
	return state
}

func (f *File) compareTTL(l *Language, r *Remote, add func(string, Change)) {
	const month = 30 * 24 * 60 * 60 // which Meta also writes as -1
	field := "ttl_seconds"
	if l.TTLSeconds != 0 {
		field = childPath("languages", l.Code) + ".ttl_seconds"
	}
	seconds := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	before, after := r.TTLSeconds, cmp.Or(l.TTLSeconds, f.TTLSeconds)
	c := Change{Before: seconds(before), After: seconds(after)}
	switch {
	case before == after, before == month && after == -1, before == -1 && after == month:
		return
	case after == 0:
		c.Note, c.aside = noteNoTTL, true
	case before == 0:
		c.Note = noteUnsaid
	default:
		c.Comparable = true
	}
	add(field, c)
}

// compareContent adds how the components differ.
func (f *File) compareContent(l *Language, r *Remote, add func(string, Change)) {
	inFile := f.Params(l).Components
	components, partial := r.componentsOf()
	isCode := strings.EqualFold(string(cmp.Or(f.category(l), r.Category)), string(kirim.TemplateAuthentication)) ||
		isOneTimeCode(normalized(inFile)) || isOneTimeCode(normalized(components))
	mine, theirs := elementsOf(inFile, isCode), elementsOf(components, isCode)
	for _, e := range mine {
		i := slices.IndexFunc(theirs, func(t element) bool { return t.key == e.key })
		switch {
		case i >= 0:
			f.compareElement(l, e, theirs[i], partial, add)
		case partial:
			add(f.locate(l, e.path), Change{After: e.describe(), Note: noteUnsaid})
		default:
			add(f.locate(l, e.path), Change{After: e.describe(), Comparable: true})
		}
	}
	for _, e := range theirs {
		if !slices.ContainsFunc(mine, func(m element) bool { return m.key == e.key }) {
			field := childPath(childPath("languages", l.Code), e.key)
			add(field, Change{Before: e.describe(), Comparable: true})
		}
	}
}

func (f *File) compareElement(l *Language, mine, theirs element, partial bool, add func(string, Change)) {
	for _, name := range []string{"type", "format"} { // one of another kind has nothing else in common
		m, _ := mine.leaf(name)
		if t, found := theirs.leaf(name); t.value != m.value && (found || !partial) {
			add(f.locate(l, mine.path), Change{Before: theirs.describe(), After: mine.describe(), Comparable: true})
			return
		}
	}
	for _, m := range mine.leaves {
		t, found := theirs.leaf(m.name)
		c := Change{Before: t.value, After: m.value, Comparable: true}
		switch {
		case t.value == m.value:
			continue
		case t.guess:
			c.Comparable, c.Note = false, noteGuess
		case m.rule == ignored:
			c.Comparable, c.aside, c.Note = false, true, noteMedia
		case !found && (partial || m.rule != said):
			c.Comparable, c.Note = false, noteUnsaid
		}
		add(f.locate(l, mine.path+"."+m.path), c)
	}
	for _, t := range theirs.leaves {
		if _, found := mine.leaf(t.name); !found && (t.rule == said || t.rule == tacit) {
			add(f.locate(l, mine.path+"."+t.path), Change{Before: t.value, Comparable: true})
		}
	}
}

var (
	lastIndex = regexp.MustCompile(`\[(\d+)\]$`)
	// membersOfFile are the names in a file of what has another in the API.
	membersOfFile = map[string]string{
		"supported_apps": "apps", "package_name": "apps", "signature_hash": "apps", "zero_tap_terms_accepted": "terms_accepted",
		"navigate_screen": "screen", "add_security_recommendation": "security_recommendation",
		"limited_time_offer.text": "text", "limited_time_offer.has_expiration": "expires",
	}
)

// locate is Source for people: for a text it is the member of the file, and for a sample
// the parameter.
func (f *File) locate(l *Language, path string) string {
	at := f.Source(l, path)
	language := childPath("languages", l.Code)
	if len(l.Components) == 0 {
		if base, rest, found := strings.Cut(at, ".example"); found {
			at = f.sampleAt(l, base, rest)
		}
		for name, member := range membersOfFile {
			base, found := strings.CutSuffix(at, "."+name)
			switch {
			case found && name == "add_security_recommendation":
				at = childPath(language, member)
			case found:
				at = childPath(base, member)
			}
		}
	}
	for f.nodes != nil && f.nodes[at] == nil && len(at) > len(language) {
		at = parentPath(at)
	}
	return at
}

// sampleAt returns the path of a sample of the text, or of the button, at base.
func (f *File) sampleAt(l *Language, base, rest string) string {
	text := ""
	for _, member := range []string{"", ".text", ".url", ".code"} {
		if n := f.nodes[base+member]; n != nil {
			text += n.Value
		}
	}
	index := lastIndex.FindStringSubmatch(rest)
	names := f.variables(text)
	if index == nil || len(names) == 0 {
		return base
	}
	i, _ := strconv.Atoi(index[1]) // what is too large for it is the largest
	if i >= len(names) {
		return base
	}
	if in := childPath(childPath("languages", l.Code), "samples."+names[i]); f.nodes[in] != nil {
		return in
	}
	return childPath("parameters", names[i])
}
