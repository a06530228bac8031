package templates

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// adopt takes over from a language of a file what the account does not say of it.
func adopt(before, l Language, s statement) Language {
	if s.partial {
		l.Header, l.Offer = cmp.Or(l.Header, before.Header), cmp.Or(l.Offer, before.Offer)
		l.Body, l.Footer = cmp.Or(l.Body, before.Body), cmp.Or(l.Footer, before.Footer)
		l.SecurityRecommendation = l.SecurityRecommendation || before.SecurityRecommendation
		l.CodeExpirationMinutes = cmp.Or(l.CodeExpirationMinutes, before.CodeExpirationMinutes)
		if l.Buttons == nil {
			l.Buttons = before.Buttons
		}
		if l.Cards == nil {
			l.Cards = before.Cards
		}
	}
	adoptHeader(before.Header, l.Header)
	adoptButtons(before.Buttons, l.Buttons, buttonsOf(s.components))
	theirs := cardsOf(s.components)
	for i := range min(len(before.Cards), len(l.Cards), len(theirs)) {
		adoptHeader(before.Cards[i].Header, l.Cards[i].Header)
		adoptButtons(before.Cards[i].Buttons, l.Cards[i].Buttons, buttonsOf(theirs[i].Components))
	}
	return l
}

// adoptHeader keeps the sample of a medium that cannot be compared with the account's.
func adoptHeader(before, h *Header) {
	if before == nil || h == nil {
		return
	}
	keep := func(ours, theirs *Media) {
		if ours != nil && theirs != nil && (*theirs == Media{} || !comparableMedia(mediaHeader("", ours).Example, mediaHeader("", theirs).Example)) {
			*theirs = *ours
		}
	}
	keep(before.Image, h.Image)
	keep(before.Video, h.Video)
	keep(before.Document, h.Document)
}

func adoptButtons(before, buttons []Button, theirs []kirim.ButtonDefinition) {
	if len(buttons) != len(theirs) {
		return
	}
	for i, j := range matchButtons(before, theirs) {
		if j < 0 {
			continue
		}
		old, b := before[j], &buttons[i]
		switch b.Type {
		case ButtonOTP, ButtonCopyCode:
			if old.Text == "" { // it is Meta's
				b.Text = ""
			}
			b.Text, b.AutofillText = cmp.Or(b.Text, old.Text), cmp.Or(b.AutofillText, old.AutofillText)
			b.TermsAccepted = b.TermsAccepted || old.TermsAccepted
			if b.Apps == nil {
				b.Apps = old.Apps
			}
		case ButtonFlow:
			if b.FlowID != "" && old.FlowID == "" {
				b.FlowID, b.FlowName, b.FlowJSON = "", old.FlowName, old.FlowJSON
			}
		default: // an account says all of it
		}
	}
}

// adoptSamples takes over samples that an account does not say, and reports whether
// there were any.
func adoptSamples(before, theirs []kirim.ComponentDefinition) (adopted bool) {
	for i := range theirs {
		c := &theirs[i]
		j := slices.IndexFunc(before, func(b kirim.ComponentDefinition) bool { return strings.EqualFold(b.Type, c.Type) })
		if j < 0 {
			continue
		}
		old := before[j]
		if c.Example == nil && old.Example != nil && strings.EqualFold(old.Format, c.Format) &&
			len(variable.FindAllString(old.Text, -1)) == len(variable.FindAllString(c.Text, -1)) {
			c.Example, adopted = old.Example, true
		}
		for k := range min(len(old.Buttons), len(c.Buttons)) {
			if b := &c.Buttons[k]; len(b.Example) == 0 && strings.EqualFold(b.Type, old.Buttons[k].Type) && len(old.Buttons[k].Example) > 0 {
				b.Example, adopted = old.Buttons[k].Example, true
			}
		}
		for k := range min(len(old.Cards), len(c.Cards)) {
			adopted = adoptSamples(old.Cards[k].Components, c.Cards[k].Components) || adopted
		}
	}
	return adopted
}

// matchButtons returns for each button of an account which one of a file it is, and -1
// for none.
func matchButtons(ours []Button, theirs []kirim.ButtonDefinition) []int {
	shape := func(url string) string { return variable.ReplaceAllString(url, "{{}}") }
	score := func(i, j int) (points int) {
		a, b := ours[j], theirs[i]
		if !strings.EqualFold(string(a.Type), b.Type) {
			return 0
		}
		for _, same := range []bool{a.Text == b.Text, shape(a.URL) == shape(b.URL) && b.URL != "", a.PhoneNumber == b.PhoneNumber && b.PhoneNumber != ""} {
			if same {
				points += 2
			}
		}
		if i == j {
			points++
		}
		return points
	}
	return match(len(theirs), len(ours), score)
}

// match pairs n items with others so that pairs with more points come first; those
// with none are no pair. It returns the partner of each, -1 for none.
func match(n, others int, points func(i, j int) int) []int {
	partners := slices.Repeat([]int{-1}, n)
	type pair struct{ i, j, points int }
	var pairs []pair
	for i := range n {
		for j := range others {
			if p := points(i, j); p > 0 {
				pairs = append(pairs, pair{i, j, p})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return b.points - a.points })
	taken := make([]bool, others)
	for _, p := range pairs {
		if partners[p.i] < 0 && !taken[p.j] {
			partners[p.i], taken[p.j] = p.j, true
		}
	}
	return partners
}

// namesIn returns the variables of a language, each once.
func (f *File) namesIn(l *Language) (names []string) {
	if len(l.Components) > 0 {
		return nil
	}
	return f.variables(strings.Join(l.texts(), "\n"))
}

// declare makes the parameters those that the languages use, and those that no language
// used before either. The order of those that the file has stays.
func (f *File) declare(names *naming, old *File) {
	used := make(map[string]bool)
	for i := range f.Languages {
		for _, name := range f.namesIn(&f.Languages[i]) {
			used[name] = true
		}
	}
	usedBefore := make(map[string]bool)
	for i := range old.Languages {
		for _, name := range old.namesIn(&old.Languages[i]) {
			usedBefore[name] = true
		}
	}
	f.Parameters = slices.DeleteFunc(f.Parameters, func(p Parameter) bool { return usedBefore[p.Name] && !used[p.Name] })
	add := func(name string) {
		if used[name] && !slices.ContainsFunc(f.Parameters, func(p Parameter) bool { return p.Name == name }) {
			f.Parameters = append(f.Parameters, Parameter{Name: name})
		}
	}
	for _, name := range names.named {
		add(name)
	}
	invented := sortedKeys(names.places)
	slices.SortStableFunc(invented, func(a, b string) int { return comparePlaces(names.places[a], names.places[b]) })
	for _, name := range invented {
		add(name)
	}
	if len(f.Parameters) == 0 {
		f.Parameters = nil
	}
}

// placeSamples sets the samples of the account: at the parameter where all languages
// that use it have the same one, and else with the language.
func (f *File) placeSamples(old *File, uses map[string][]use) {
	for i := range f.Languages {
		l := &f.Languages[i]
		if before := old.Language(l.Code); before != nil && len(l.Components) == 0 {
			inUse := f.namesIn(l)
			l.Samples = slices.DeleteFunc(slices.Clone(before.Samples), func(s Sample) bool {
				_, isChanged := uses[l.Code]
				return isChanged && !slices.Contains(inUse, s.Parameter)
			})
			if len(l.Samples) == 0 {
				l.Samples = nil
			}
		}
	}
	for i := range f.Parameters {
		p := &f.Parameters[i]
		var holders []*Language
		var samples []string
		for j := range f.Languages {
			l := &f.Languages[j]
			if !slices.Contains(f.namesIn(l), p.Name) {
				continue
			}
			sample := ""
			for _, u := range uses[l.Code] {
				if u.name == p.Name {
					sample = cmp.Or(sample, u.sample)
				}
			}
			holders, samples = append(holders, l), append(samples, cmp.Or(sample, f.Sample(l, p.Name)))
		}
		if len(samples) == 0 {
			continue
		}
		differs := false
		for j, l := range holders {
			differs = differs || f.Sample(l, p.Name) != samples[j]
		}
		if sample, all := most(samples); differs && all {
			p.Sample = sample
		}
		for j, l := range holders {
			if f.Sample(l, p.Name) != samples[j] {
				l.setSample(p.Name, samples[j])
			}
		}
	}
}

func (l *Language) setSample(parameter, value string) {
	for i := range l.Samples {
		if l.Samples[i].Parameter == parameter {
			l.Samples[i].Value = value
			return
		}
	}
	l.Samples = append(l.Samples, Sample{parameter, value})
}

// dropMarks removes the marks of a changed language for what the file says.
func (f *File) dropMarks(l, before *Language) {
	l.Unknown = slices.DeleteFunc(l.Unknown, func(mark Unknown) bool {
		switch {
		case before != nil && slices.Contains(before.Unknown, mark):
			return false
		case mark == UnknownSamples:
			return f.hasSamples(l)
		}
		return before != nil
	})
	if len(l.Unknown) == 0 {
		l.Unknown = nil
	}
}

// hasSamples reports whether a language has all samples that it wants.
func (f *File) hasSamples(l *Language) bool {
	lacks := func(h *Header) bool {
		return h != nil && slices.ContainsFunc([]*Media{h.Image, h.Video, h.Document}, func(m *Media) bool { return m != nil && *m == Media{} })
	}
	if len(l.Components) > 0 {
		return !lacksSamples(normalized(f.Params(l).Components))
	}
	return !lacks(l.Header) && !slices.ContainsFunc(l.Cards, func(c Card) bool { return lacks(c.Header) }) &&
		!slices.ContainsFunc(f.namesIn(l), func(name string) bool { return f.Sample(l, name) == "" })
}
