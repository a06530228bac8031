package app

import (
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
)

// System is one that the program speaks to. Each has environment variables of
// its own, so that the key of one is never sent to another.
type System struct {
	Name   string
	Title  string
	KeyVar string // holds the key; KeyVar + "_FILE" names a file with it
	prefix string // of the other variables
	// FromVar holds the sender; From is what it is there. Empty where the key
	// alone chooses the sender.
	FromVar, From string
	// BaseURL is the default; empty for a system that has none.
	BaseURL string
	// HonoursKeys says that an idempotency key keeps a message from being sent twice.
	HonoursKeys bool
	// Uploads says that the system takes files.
	Uploads bool
}

// BaseURLVar holds the base URL.
func (s System) BaseURLVar() string { return s.prefix + "_BASE_URL" }

// The names of the systems.
const (
	Kirim        = "kirim"
	CloudAPI     = "cloudapi"
	APIMessaging = "apimessaging"
	MichoW       = "michow"
	Connexease   = "connexease"
	Shingle      = "shingle"
)

// Systems are all that --system can be.
var Systems = []System{
	{Name: Kirim, Title: "Kirim", KeyVar: "KIRIM_API_KEY", prefix: "KIRIM", FromVar: "KIRIM_PHONE_NUMBER_ID", From: "phone number ID", BaseURL: kirim.DefaultBaseURL, HonoursKeys: true},
	{Name: CloudAPI, Title: "WhatsApp Cloud API", KeyVar: "META_ACCESS_TOKEN", prefix: "META", FromVar: "META_PHONE_NUMBER_ID", From: "phone number ID", BaseURL: cloudapi.DefaultBaseURL, Uploads: true},
	{Name: APIMessaging, Title: "API Messaging", KeyVar: "APIMESSAGING_API_KEY", prefix: "APIMESSAGING", FromVar: "APIMESSAGING_SESSION_ID", From: "session ID"},
	{Name: MichoW, Title: "MichoW", KeyVar: "MICHOW_API_KEY", prefix: "MICHOW", BaseURL: michow.DefaultBaseURL},
	{Name: Connexease, Title: "Connexease Gateway", KeyVar: "CONNEXEASE_API_KEY", prefix: "CONNEXEASE", BaseURL: connexease.DefaultBaseURL},
	{Name: Shingle, Title: "ShingleAI", KeyVar: "SHINGLE_API_KEY", prefix: "SHINGLE", BaseURL: shingle.DefaultBaseURL},
}

// SystemNames returns the names for a help text.
func SystemNames() string {
	var names []string
	for _, s := range Systems {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

func systemByName(name string) (System, error) {
	i := slices.IndexFunc(Systems, func(s System) bool { return s.Name == name })
	if i < 0 {
		return System{}, Usagef("there is no system %q; the systems are %s", name, SystemNames())
	}
	return Systems[i], nil
}
