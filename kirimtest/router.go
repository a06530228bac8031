package kirimtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route is one operation.
type route struct {
	pattern string // "/v1/{phone_number_id}/messages"
	public  bool   // needs no key and takes no token
	always  bool   // also for an organisation that may not use the API
	body    int64  // most bytes of a request's body, where that differs
	handle  handler
}

// router finds the operation of a method and path. Fixed segments win over
// parameters; it is not changed after it was built.
type router struct {
	fixed  map[string]*router
	param  *router
	routes map[string]*route // by method
}

func (n *router) add(method string, r route) {
	for _, seg := range segments(r.pattern) {
		if strings.HasPrefix(seg, "{") {
			if n.param == nil {
				n.param = new(router)
			}
			n = n.param
			continue
		}
		if n.fixed == nil {
			n.fixed = make(map[string]*router)
		}
		if n.fixed[seg] == nil {
			n.fixed[seg] = new(router)
		}
		n = n.fixed[seg]
	}
	if n.routes == nil {
		n.routes = make(map[string]*route)
	}
	n.routes[method] = &r
}

// find returns the operation, the values of its parameters in order, and for a
// path without this method the methods it has.
func (n *router) find(method, escapedPath string) (r *route, params [3]string, allow string) {
	node := n.walk(segments(escapedPath), &params, 0)
	if node == nil {
		return nil, params, ""
	}
	if r = node.routes[method]; r == nil && method == http.MethodHead {
		r = node.routes[http.MethodGet]
	}
	if r != nil {
		return r, params, ""
	}
	methods := make([]string, 0, 4)
	for m := range node.routes {
		methods = append(methods, m)
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	return nil, params, strings.Join(methods, ", ")
}

func (n *router) walk(segs []string, params *[3]string, used int) *router {
	if len(segs) == 0 {
		if n.routes == nil {
			return nil
		}
		return n
	}
	if next := n.fixed[segs[0]]; next != nil {
		if found := next.walk(segs[1:], params, used); found != nil {
			return found
		}
	}
	if n.param == nil || segs[0] == "" || used == len(params) {
		return nil
	}
	value, err := url.PathUnescape(segs[0])
	if err != nil {
		return nil
	}
	params[used] = value
	return n.param.walk(segs[1:], params, used+1)
}

func segments(path string) []string {
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

// routes lists every operation. Handlers live in one file per resource.
func (s *Server) routes() *router {
	n := new(router)
	n.add("GET", route{pattern: "/v1/health", public: true, handle: health})
	n.add("GET", route{pattern: "/v1/me", always: true, handle: me})
	n.add("GET", route{pattern: "/v1/openapi.json", public: true, handle: openAPI})
	n.add("GET", route{pattern: "/v1/accounts", handle: holding(listAccounts)})

	const number = "/v1/{phone_number_id}"
	n.add("POST", route{pattern: number + "/messages", handle: onNumber(postMessage)})
	n.add("GET", route{pattern: number + "/messages", handle: forNumber(listMessages)})
	n.add("GET", route{pattern: number + "/messages/{id}", handle: forMessage(getMessage)})
	n.add("GET", route{pattern: number + "/messages/{id}/media", handle: forMessage(getMedia)})
	n.add("GET", route{pattern: mediaPath + "{token}/{filename}", public: true, handle: serveMedia})

	n.add("GET", route{pattern: number + "/templates", handle: forNumber(listTemplates)})
	n.add("POST", route{pattern: number + "/templates", handle: forNumber(createTemplate)})
	n.add("POST", route{pattern: number + "/templates/sync", handle: forNumber(syncTemplates)})
	n.add("GET", route{pattern: number + "/templates/{name}", handle: forNumber(getTemplate)})

	n.add("GET", route{pattern: number + "/conversations", handle: forNumber(listConversations)})
	n.add("GET", route{pattern: number + "/conversations/{id}", handle: forConversation(getConversation)})
	n.add("PATCH", route{pattern: number + "/conversations/{id}", handle: forConversation(updateConversation)})
	n.add("POST", route{pattern: number + "/conversations/{id}/labels", handle: forConversation(attachLabel(conversationLabels))})
	n.add("DELETE", route{pattern: number + "/conversations/{id}/labels/{label_id}", handle: forConversation(detachLabel(conversationLabels))})

	n.add("GET", route{pattern: number + "/contacts", handle: forNumber(listContacts)})
	n.add("POST", route{pattern: number + "/contacts", handle: forNumber(createContact)})
	n.add("POST", route{pattern: number + "/contacts/bulk_label", handle: forNumber(bulkLabel)})
	n.add("GET", route{pattern: number + "/contacts/{id}", handle: forContact(getContact)})
	n.add("PATCH", route{pattern: number + "/contacts/{id}", handle: forContact(updateContact)})
	n.add("DELETE", route{pattern: number + "/contacts/{id}", handle: forContact(deleteContact)})
	n.add("POST", route{pattern: number + "/contacts/{id}/labels", handle: forContact(attachLabel(contactLabels))})
	n.add("DELETE", route{pattern: number + "/contacts/{id}/labels/{label_id}", handle: forContact(detachLabel(contactLabels))})

	n.add("GET", route{pattern: "/v1/labels", handle: holding(listLabels)})
	n.add("POST", route{pattern: "/v1/labels", handle: holding(createLabel)})
	n.add("PATCH", route{pattern: "/v1/labels/{id}", handle: forLabel(updateLabel)})
	n.add("DELETE", route{pattern: "/v1/labels/{id}", handle: forLabel(deleteLabel)})

	n.add("GET", route{pattern: "/v1/customers", handle: holding(listCustomers)})
	n.add("POST", route{pattern: "/v1/customers", handle: holding(createCustomer)})
	n.add("GET", route{pattern: "/v1/customers/{id}", handle: forCustomer(getCustomer)})
	n.add("PATCH", route{pattern: "/v1/customers/{id}", handle: forCustomer(updateCustomer)})
	n.add("DELETE", route{pattern: "/v1/customers/{id}", handle: forCustomer(archiveCustomer)})
	n.add("GET", route{pattern: "/v1/customers/{id}/setup_links", handle: forCustomer(listSetupLinks)})
	n.add("POST", route{pattern: "/v1/customers/{id}/setup_links", handle: forCustomer(createSetupLink)})
	n.add("PATCH", route{pattern: "/v1/customers/{id}/setup_links/{link_id}", handle: forLink(updateSetupLink)})
	n.add("DELETE", route{pattern: "/v1/customers/{id}/setup_links/{link_id}", handle: forLink(revokeSetupLink)})

	n.add("GET", route{pattern: "/v1/webhook_subscriptions", handle: holding(listSubscriptions)})
	n.add("POST", route{pattern: "/v1/webhook_subscriptions", handle: holding(createSubscription)})
	n.add("GET", route{pattern: "/v1/webhook_subscriptions/{id}", handle: forSubscription(getSubscription)})
	n.add("PATCH", route{pattern: "/v1/webhook_subscriptions/{id}", handle: forSubscription(updateSubscription)})
	n.add("DELETE", route{pattern: "/v1/webhook_subscriptions/{id}", handle: forSubscription(deleteSubscription)})
	n.add("POST", route{pattern: "/v1/webhook_subscriptions/{id}/secrets", handle: forSubscription(addSecret)})
	n.add("DELETE", route{pattern: "/v1/webhook_subscriptions/{id}/secrets/{secret_id}", handle: forSubscription(revokeSecret)})
	n.add("GET", route{pattern: "/v1/webhook_deliveries", handle: holding(listDeliveries)})
	n.add("GET", route{pattern: "/v1/webhook_deliveries/{id}", handle: forDelivery(getDelivery)})
	n.add("POST", route{pattern: "/v1/webhook_deliveries/{id}/replay", handle: forDelivery(replayDelivery)})
	n.add("POST", route{pattern: "/v1/webhook_deliveries/bulk_replay", handle: holding(bulkReplay)})
	return n
}

// onNumber responds with 404 unless the first parameter is a number of ours.
func onNumber(h func(*exchange, PhoneNumber) *reply) handler {
	return func(x *exchange) *reply {
		n, found := x.s.state.number(x.params[0])
		if !found {
			return failed(fail("resource_not_found", "", "No such phone number in this organization."))
		}
		return h(x, n)
	}
}
