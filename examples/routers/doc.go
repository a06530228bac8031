// Package routers shows the webhook handler behind chi, gin and echo. In each
// the handler is mounted as it is and gets the request with its body unread:
//
//	chi:   router.Method(http.MethodPost, "/hooks", hooks)
//	gin:   router.POST("/hooks", gin.WrapH(hooks))
//	echo:  router.POST("/hooks", echo.WrapHandler(hooks))
//
// Nothing before it may read the body: no binding (gin's ShouldBind, echo's
// Bind), no body dump. A middleware that must do so has to put the very same
// bytes back into Request.Body; otherwise the handler answers with 500 and
// kirim.ErrWebhookBodyConsumed, or with 401. A body limit of the framework
// must leave room for the 3 MB that a delivery may have.
package routers
