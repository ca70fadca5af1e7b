// libcurl, loaded when it is first needed. It brings some thirty libraries (TLS, Kerberos, LDAP, HTTP/2, …), which take
// the dynamic linker half of the time that a command without a request needs as a whole.
//
// Besides: libcurl's setopt and getinfo functions are variadic, and Swift cannot call variadic C functions. There is one
// function for each type of argument, so that the compiler checks on the Swift side what `...` cannot check on the C
// side.
#ifndef ENVSYNC_CCURL_H
#define ENVSYNC_CCURL_H

#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

/// Loads libcurl and sets it up, once; thread-safe. All other functions here may be called only after it succeeded.
/// Returns a null pointer, or what went wrong, in the system's words.
const char *ccurl_load(void);

typedef size_t (*ccurl_data_function)(char *data, size_t size, size_t count, void *context);
typedef int (*ccurl_seek_function)(void *context, curl_off_t offset, int origin);
typedef int (*ccurl_request_function)(void *context, char *address, char *local_address, int port, int local_port);
typedef int (*ccurl_close_function)(void *context, curl_socket_t socket);
typedef int (*ccurl_socket_function)(void *context, curl_socket_t socket, curlsocktype purpose);

// The names are libcurl's with another prefix; so is what they do.
CURL *ccurl_easy_init(void);
void ccurl_easy_reset(CURL *handle);
void ccurl_easy_cleanup(CURL *handle);
const char *ccurl_easy_strerror(CURLcode code);
CURLM *ccurl_multi_init(void);
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *handle);
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *handle);
CURLMcode ccurl_multi_perform(CURLM *multi, int *running);
CURLMcode ccurl_multi_poll(CURLM *multi, int timeout);
CURLMcode ccurl_multi_wakeup(CURLM *multi);
CURLMsg *ccurl_multi_info_read(CURLM *multi, int *remaining);
CURLMcode ccurl_multi_cleanup(CURLM *multi);
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text);
void ccurl_slist_free_all(struct curl_slist *list);

CURLcode ccurl_setopt_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_setopt_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode ccurl_setopt_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_setopt_pointer(CURL *handle, CURLoption option, void *value);
CURLcode ccurl_setopt_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode ccurl_setopt_data_function(CURL *handle, CURLoption option, ccurl_data_function value);
CURLcode ccurl_setopt_seek_function(CURL *handle, ccurl_seek_function value);
CURLcode ccurl_setopt_request_function(CURL *handle, ccurl_request_function value);
CURLcode ccurl_setopt_close_function(CURL *handle, ccurl_close_function value);
CURLcode ccurl_setopt_socket_function(CURL *handle, ccurl_socket_function value);
CURLcode ccurl_getinfo_long(CURL *handle, CURLINFO info, long *value);
CURLcode ccurl_getinfo_offset(CURL *handle, CURLINFO info, curl_off_t *value);
CURLMcode ccurl_multi_setopt_long(CURLM *multi, CURLMoption option, long value);

// Macros with a cast or an expression in them are not imported into Swift.
static const unsigned long ccurl_auth_negotiate = CURLAUTH_NEGOTIATE;
static const long ccurl_http_version_1_1 = CURL_HTTP_VERSION_1_1;
static const size_t ccurl_read_abort = CURL_READFUNC_ABORT;

#endif
