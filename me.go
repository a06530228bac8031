package kirim

// Me is what the API key stands for.
//
// Docs: https://developers.kirim.chat/api/operations/me/
type Me struct {
	Organization Organization `json:"organization,omitzero"`
	APIKey       APIKey       `json:"api_key,omitzero"`
	RateLimits   PlanLimits   `json:"rate_limits,omitzero"`
	// Teams are where the team ids of labels and customers come from. That
	// they are listed is documented; name and form of the list are assumed.
	Teams []Team `json:"teams,omitzero" kirim:"assumed"`
	Extra Extra  `json:"-"`
	blank []blankField
}

// Organization owns everything that its API keys can reach.
type Organization struct {
	ID     string `json:"id,omitzero"`     // org_…
	Object string `json:"object,omitzero"` // "organization"
	Name   string `json:"name,omitzero"`
	Extra  Extra  `json:"-"`
	blank  []blankField
}

// APIKey describes a key without showing it.
type APIKey struct {
	ID     string `json:"id,omitzero"`     // key_…
	Object string `json:"object,omitzero"` // "api_key"
	Label  string `json:"label,omitzero"`
	Last4  string `json:"last4,omitzero"` // the last four characters of the key
	Extra  Extra  `json:"-"`
	blank  []blankField
}

// PlanLimits are the capacities of the organisation's two rate limits. What
// is left of them is in [RateLimit], with every response.
type PlanLimits struct {
	Tier           string `json:"tier,omitzero"`
	WritePerMinute int    `json:"write_per_minute,omitzero"`
	ReadPerMinute  int    `json:"read_per_minute,omitzero"`
	Extra          Extra  `json:"-"`
	blank          []blankField
}

// Team is a part of an organisation. Its fields are assumed.
type Team struct {
	ID    string `json:"id,omitzero" kirim:"assumed"`
	Name  string `json:"name,omitzero" kirim:"assumed"`
	Extra Extra  `json:"-"`
	blank []blankField
}
