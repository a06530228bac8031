package cloudapi

import (
	"context"
	"iter"
	"net/http"

	"github.com/kirim-go/kirim"
)

// BlockedUsersService keeps users from writing to a number.
type BlockedUsersService struct{ number *PhoneNumber }

// BlockedUsers returns the service for the users that the number has blocked.
func (p *PhoneNumber) BlockedUsers() *BlockedUsersService { return &BlockedUsersService{p} }

// BlockedUser is somebody whose messages do not reach the number.
type BlockedUser struct {
	WAID   string `json:"wa_id"`   // the number in digits; empty for one who is known by UserID alone
	UserID string `json:"user_id"` // a business-scoped user id; empty where Meta does not tell it
}

// BlockResult is what became of each user of a request. Users of whom neither list
// tells were left as they were.
type BlockResult struct {
	Changed []BlockOutcome // blocked, or unblocked
	Failed  []BlockOutcome // with the reasons
}

// BlockOutcome is what became of one user.
type BlockOutcome struct {
	Input  string       `json:"input"` // the user as it was sent
	WAID   string       `json:"wa_id"`
	UserID string       `json:"user_id"`
	Errors []BlockError `json:"errors"` // of one that failed
}

// BlockError is why one user could not be blocked or unblocked.
type BlockError struct {
	Code    int    `json:"code"` // a Meta error code
	Message string `json:"message"`
	Data    struct {
		Details string `json:"details"`
	} `json:"error_data"`
}

// Block blocks users by their phone numbers, with + and country code. Only somebody
// who wrote in the last 24 hours can be blocked. When Meta refuses some of them, the
// error's code is 139100 and says nothing of the others: [BlockedUsersService.All]
// tells. It is not retried in doubt.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users
func (s *BlockedUsersService) Block(ctx context.Context, users []string, opts ...kirim.RequestOption) (*BlockResult, error) {
	return s.block(ctx, http.MethodPost, users, opts)
}

// Unblock lets users write again. A second call does no harm, and it is retried.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users
func (s *BlockedUsersService) Unblock(ctx context.Context, users []string, opts ...kirim.RequestOption) (*BlockResult, error) {
	return s.block(ctx, http.MethodDelete, users, opts)
}

func (s *BlockedUsersService) block(ctx context.Context, method string, users []string, opts []kirim.RequestOption) (*BlockResult, error) {
	if len(users) == 0 {
		return nil, refuse("users", "at least one user", "none")
	}
	type user struct {
		User string `json:"user"`
	}
	body := struct {
		MessagingProduct string `json:"messaging_product"`
		Users            []user `json:"block_users"`
	}{MessagingProduct: "whatsapp"}
	for _, u := range users {
		body.Users = append(body.Users, user{u})
	}
	answer, err := call[blockResponse](ctx, s.number.client, method, s.number.path("block_users"), nil, body, opts, "block_users")
	if err != nil {
		return nil, err
	}
	lists := answer.Users
	return &BlockResult{Changed: append(lists.Added, lists.Removed...), Failed: lists.Failed}, nil
}

type blockResponse struct {
	Users struct {
		Added   []BlockOutcome `json:"added_users"`
		Removed []BlockOutcome `json:"removed_users"`
		Failed  []BlockOutcome `json:"failed_users"`
	} `json:"block_users"`
}

// BlockListParams select a part of the list.
type BlockListParams struct {
	Limit  int    `url:"limit,omitempty"`
	Cursor string `url:"after,omitempty"` // of a [kirim.Page] with the same parameters
}

// List returns one page of the users that the number has blocked.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users
func (s *BlockedUsersService) List(ctx context.Context, params BlockListParams, opts ...kirim.RequestOption) (*kirim.Page[BlockedUser], error) {
	return list[BlockedUser](ctx, s.number.client, s.number.path("block_users"), params, opts)
}

// All iterates over the users that the number has blocked, from
// params.Cursor on, one page in memory. An error is a [*kirim.ListError] and ends
// the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users
func (s *BlockedUsersService) All(ctx context.Context, params BlockListParams, opts ...kirim.RequestOption) iter.Seq2[*BlockedUser, error] {
	return all[BlockedUser](ctx, s.number.client, s.number.path("block_users"), params, opts)
}
