package templates

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kirim-go/kirim"
)

var (
	templateName   = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
	positionalName = regexp.MustCompile(`^[a-z0-9_]+$`)
	namedName      = regexp.MustCompile(`^[a-z_]+$`)
)

// metaLanguages are the codes of languages that Meta lists.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages
var metaLanguages = strings.Fields(`
	af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE en en_GB en_US
	en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA fr_CH fr_CI fr_MA
	ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa ro
	ru sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv ta te th tr uk ur uz vi zu`)

// checkFile decides the rules about a file and each of its languages.
func (l *linter) checkFile(m *fileModel) {
	f := m.file
	if !templateName.MatchString(f.Name) {
		l.report("name", "name", "want 1 to 512 lower-case letters, digits and underscores, got %d characters", utf8.RuneCountInString(f.Name))
	}
	if len(m.languages) == 0 {
		l.report("languages", "languages", "want at least one language")
		l.checkCategory(f.Category, "category")
	}
	for _, p := range f.Parameters {
		l.checkParameterName(m, p.Name)
	}
	for _, lm := range m.languages {
		l.checkLanguage(lm)
	}
	l.checkParameters(m)
}

func (l *linter) checkCategory(category kirim.TemplateCategory, path string) {
	switch category {
	case kirim.TemplateMarketing, kirim.TemplateUtility, kirim.TemplateAuthentication:
	case "":
		l.report("category", path, "the category is missing; want marketing, utility or authentication")
	default:
		l.report("category", path, "want marketing, utility or authentication, got another category")
	}
}

// either returns the path of a member of a language if the language has it, else that
// of the file.
func (m *languageModel) either(name string, own bool) string {
	if own {
		return childPath(m.path, name)
	}
	return name
}

func (l *linter) checkLanguage(m *languageModel) {
	source, f := m.source, l.file
	if !slices.Contains(metaLanguages, source.Code) {
		l.report("language-code", m.path, "Meta does not list this language code; it lists codes such as id, en and en_US")
	}
	if m.category != "" || !m.unknown[UnknownCategory] {
		l.checkCategory(m.category, m.either("category", source.Category != ""))
	}
	switch cmp.Or(source.Format, f.Format) {
	case "", kirim.TemplateNamed, kirim.TemplatePositional:
	default:
		l.report("parameter-format", m.either("format", source.Format != ""), "want positional or named")
	}
	l.checkTTL(m)
	l.checkUnknown(m)
	if m.raw() {
		if members := typedMembers(source); len(members) > 0 {
			l.report("components-only", childPath(m.path, members[0]), "components stand in for %s", strings.Join(members, ", "))
		}
	}
	for _, s := range source.Samples {
		if f.parameter(s.Parameter) == nil {
			l.report("unknown-sample", childPath(childPath(m.path, "samples"), s.Parameter), "there is no parameter %s", shown(s.Parameter))
		}
	}
	l.checkTexts(m)
	l.checkContent(m)
	l.checkButtons(m)
	l.checkAuthentication(m)
	l.checkOffer(m)
	l.checkCarousel(m)
}

func (l *linter) checkTTL(m *languageModel) {
	seconds := cmp.Or(m.source.TTLSeconds, l.file.TTLSeconds)
	limits, known := map[kirim.TemplateCategory][2]int{
		kirim.TemplateAuthentication: {30, 900},
		kirim.TemplateUtility:        {30, 43_200},
		kirim.TemplateMarketing:      {43_200, 2_592_000},
	}[m.category]
	if !known || seconds == 0 || seconds >= limits[0] && seconds <= limits[1] {
		return
	}
	or := ", or -1 for 30 days"
	if m.category == kirim.TemplateMarketing {
		or = ""
	} else if seconds == -1 {
		return
	}
	l.report("time-to-live", m.either("ttl_seconds", m.source.TTLSeconds != 0), "want %d to %d seconds for %s%s, got %d",
		limits[0], limits[1], strings.ToLower(string(m.category)), or, seconds)
}

func (l *linter) checkUnknown(m *languageModel) {
	for i, u := range m.source.Unknown {
		path := itemPath(childPath(m.path, "unknown"), i)
		switch u {
		case UnknownCategory:
			l.report("unknown-mark", path, "the account did not say the category: set category and remove the mark")
		case UnknownContent:
			l.report("unknown-mark", path, "the account did not say all components: write what is missing and remove the mark")
		case UnknownSamples:
			l.report("unknown-mark", path, "the account did not say all samples: write what is missing and remove the mark")
		default:
			l.report("unknown-mark", path, "want category, content or samples")
		}
	}
}

// parameter returns the parameter of a name, and nil when there is none.
func (f *File) parameter(name string) *Parameter {
	for i := range f.Parameters {
		if f.Parameters[i].Name == name {
			return &f.Parameters[i]
		}
	}
	return nil
}

// checkParameterName reports a name that the formats of the languages do not allow.
func (l *linter) checkParameterName(m *fileModel, name string) {
	path := childPath("parameters", name)
	named := slices.ContainsFunc(m.languages, func(lm *languageModel) bool { return lm.named })
	switch {
	case named && !namedName.MatchString(name):
		l.report("parameter-name", path, "want lower-case letters and underscores in the format named")
	case !positionalName.MatchString(name):
		l.report("parameter-name", path, "want lower-case letters, digits and underscores")
	}
}

// checkParameters reports parameters that nothing uses, and those without samples.
func (l *linter) checkParameters(m *fileModel) {
	used, anonymous := make(map[string]bool), false
	for _, lm := range m.languages {
		for _, t := range lm.texts() {
			for _, name := range t.names() {
				used[name] = true
			}
		}
		anonymous = anonymous || lm.raw() && !lm.named || lm.unknown[UnknownContent]
	}
	for _, p := range m.file.Parameters {
		path := childPath("parameters", p.Name)
		if !used[p.Name] && !anonymous && len(m.languages) > 0 {
			l.report("unused-parameter", path, "no language uses %s", shown(p.Name))
		}
		l.checkSample(path, p.Sample)
	}
	for _, lm := range m.languages {
		for _, s := range lm.source.Samples {
			l.checkSample(childPath(childPath(lm.path, "samples"), s.Parameter), s.Value)
		}
	}
}

func (l *linter) checkSample(path, sample string) {
	if strings.ContainsAny(sample, "\n\r\t") || strings.Contains(sample, "     ") {
		l.report("sample-characters", path, "a message could not have this value: it has a newline, a tab or more than 4 spaces in a row")
	}
}

// shown is a variable in a message, shortened.
func shown(name string) string { return "{{" + shortened(name) + "}}" }

func shortened(s string) string {
	if runes := []rune(s); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return s
}
