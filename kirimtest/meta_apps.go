package kirimtest

import (
	"net/http"
	"slices"
)

// metaAppID is the app of the access tokens.
const metaAppID = "300000000000001"

// subscribeApp handles POST /{version}/{waba-id}/subscribed_apps: a URL of its own
// for the webhooks of the account, which is asked for a challenge.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
func subscribeApp(x *exchange) *reply {
	if x.params[1] != x.s.WABAID {
		return failed(noObject())
	}
	var o map[string]any
	if len(x.body) > 0 {
		var err *apiError
		if o, err = x.object(); err != nil {
			return failed(asMetaParameter(err))
		}
	}
	v := x.metaChecker()
	address := v.optionalText(o, "", "override_callback_uri", 1, 0)
	token := v.optionalText(o, "", "verify_token", 1, 0)
	switch {
	case v.err != nil:
		return failed(asMetaParameter(v.err))
	case address == "":
		return success() // with the URL of the app, which is that of SubscribeMeta
	case token == "":
		return failed(metaFail(100, "verify_token: A required field is missing."))
	}
	if err := x.s.subscribeMeta(x.r.Context(), address, token, nil); err != nil {
		return failed(metaFail(100, "override_callback_uri: The URL did not return the challenge."))
	}
	return success()
}

// listApps handles GET /{version}/{waba-id}/subscribed_apps.
func listApps(x *exchange) *reply {
	list := []any{}
	for _, hook := range x.s.state.meta.hooks {
		list = append(list, map[string]any{
			"override_callback_uri":      hook.url,
			"whatsapp_business_api_data": map[string]any{"id": metaAppID, "name": "Sandbox", "link": "https://www.facebook.com/games/?app_id=" + metaAppID},
		})
	}
	return &reply{status: http.StatusOK, data: mustJSON(map[string]any{"data": list})}
}

// unsubscribeApps handles DELETE /{version}/{waba-id}/subscribed_apps.
func unsubscribeApps(x *exchange) *reply {
	st := &x.s.state
	for _, hook := range st.meta.hooks {
		hook.deleted = true
	}
	for d := range st.meta.deliveries.oldest {
		if d.status == DeliveryPending && !d.inFlight {
			st.agenda.cancel(d.job)
			d.status, d.lastError = DeliveryDead, "subscription deleted"
		}
	}
	st.meta.hooks = slices.Delete(st.meta.hooks, 0, len(st.meta.hooks))
	return success()
}
