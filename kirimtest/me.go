package kirimtest

import (
	"encoding/json"
	"net/http"
)

// health handles GET /v1/health.
func health(*exchange) *reply {
	return &reply{status: http.StatusOK, data: json.RawMessage(`{"status":"ok"}`)}
}

// me handles GET /v1/me.
func me(x *exchange) *reply {
	type organization struct {
		ID     string `json:"id"`
		Object string `json:"object"`
		Name   string `json:"name"`
	}
	type key struct {
		ID     string `json:"id"`
		Object string `json:"object"`
		Label  string `json:"label"`
		Last4  string `json:"last4"`
	}
	type limits struct {
		Tier           string `json:"tier"`
		WritePerMinute int    `json:"write_per_minute"`
		ReadPerMinute  int    `json:"read_per_minute"`
	}
	type team struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	st := &x.s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	plan, teams := st.plan, make([]team, len(st.teams))
	for i, t := range st.teams {
		teams[i] = team(t)
	}
	return ok(http.StatusOK, struct {
		Organization organization `json:"organization"`
		APIKey       key          `json:"api_key"`
		RateLimits   limits       `json:"rate_limits"`
		Teams        []team       `json:"teams"`
	}{
		organization{st.orgID, "organization", "Sandbox"},
		key{x.key.id, "api_key", x.key.label, x.key.last4},
		limits{plan.Name, plan.WritePerMinute, plan.ReadPerMinute},
		teams,
	})
}
