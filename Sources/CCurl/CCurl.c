#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// The types are those of the header that this was compiled with; libcurl's ABI has been the same since libcurl.so.4.
#define FUNCTIONS(X)                                                                                                   \
    X(curl_global_init)                                                                                                \
    X(curl_easy_init)                                                                                                  \
    X(curl_easy_reset)                                                                                                 \
    X(curl_easy_cleanup)                                                                                               \
    X(curl_easy_strerror)                                                                                              \
    X(curl_easy_setopt)                                                                                                \
    X(curl_easy_getinfo)                                                                                               \
    X(curl_multi_init)                                                                                                 \
    X(curl_multi_add_handle)                                                                                           \
    X(curl_multi_remove_handle)                                                                                        \
    X(curl_multi_perform)                                                                                              \
    X(curl_multi_poll)                                                                                                 \
    X(curl_multi_wakeup)                                                                                               \
    X(curl_multi_info_read)                                                                                            \
    X(curl_multi_setopt)                                                                                               \
    X(curl_multi_cleanup)                                                                                              \
    X(curl_slist_append)                                                                                               \
    X(curl_slist_free_all)

#define MEMBER(name) __typeof__(&name) name;
static struct { FUNCTIONS(MEMBER) } library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char problem[512];

static void note(const char *text) { snprintf(problem, sizeof problem, "%s", text != NULL ? text : "unknown"); }

static void load(void) {
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        note(dlerror());
        return;
    }
#define LOOK_UP(name)                                                                                                  \
    library.name = (__typeof__(library.name))dlsym(handle, #name);                                                     \
    if (library.name == NULL) {                                                                                        \
        note(dlerror());                                                                                               \
        return;                                                                                                        \
    }
    FUNCTIONS(LOOK_UP)
    CURLcode code = library.curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) note(library.curl_easy_strerror(code));
}

const char *ccurl_load(void) {
    pthread_once(&once, load);
    return problem[0] != '\0' ? problem : NULL;
}

CURL *ccurl_easy_init(void) { return library.curl_easy_init(); }
void ccurl_easy_reset(CURL *handle) { library.curl_easy_reset(handle); }
void ccurl_easy_cleanup(CURL *handle) { library.curl_easy_cleanup(handle); }
const char *ccurl_easy_strerror(CURLcode code) { return library.curl_easy_strerror(code); }
CURLM *ccurl_multi_init(void) { return library.curl_multi_init(); }
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *handle) { return library.curl_multi_add_handle(multi, handle); }
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *handle) {
    return library.curl_multi_remove_handle(multi, handle);
}
CURLMcode ccurl_multi_perform(CURLM *multi, int *running) { return library.curl_multi_perform(multi, running); }
CURLMcode ccurl_multi_poll(CURLM *multi, int timeout) {
    return library.curl_multi_poll(multi, NULL, 0, timeout, NULL);
}
CURLMcode ccurl_multi_wakeup(CURLM *multi) { return library.curl_multi_wakeup(multi); }
CURLMsg *ccurl_multi_info_read(CURLM *multi, int *remaining) { return library.curl_multi_info_read(multi, remaining); }
CURLMcode ccurl_multi_cleanup(CURLM *multi) { return library.curl_multi_cleanup(multi); }
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) {
    return library.curl_slist_append(list, text);
}
void ccurl_slist_free_all(struct curl_slist *list) { library.curl_slist_free_all(list); }

CURLcode ccurl_setopt_long(CURL *handle, CURLoption option, long value) {
    return library.curl_easy_setopt(handle, option, value);
}
CURLcode ccurl_setopt_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return library.curl_easy_setopt(handle, option, value);
}
CURLcode ccurl_setopt_string(CURL *handle, CURLoption option, const char *value) {
    return library.curl_easy_setopt(handle, option, value);
}
CURLcode ccurl_setopt_pointer(CURL *handle, CURLoption option, void *value) {
    return library.curl_easy_setopt(handle, option, value);
}
CURLcode ccurl_setopt_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return library.curl_easy_setopt(handle, option, value);
}
CURLcode ccurl_setopt_data_function(CURL *handle, CURLoption option, ccurl_data_function value) {
    return library.curl_easy_setopt(handle, option, value);
}
CURLcode ccurl_setopt_seek_function(CURL *handle, ccurl_seek_function value) {
    return library.curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}
CURLcode ccurl_setopt_request_function(CURL *handle, ccurl_request_function value) {
    return library.curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, value);
}
CURLcode ccurl_setopt_close_function(CURL *handle, ccurl_close_function value) {
    return library.curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, value);
}
CURLcode ccurl_setopt_socket_function(CURL *handle, ccurl_socket_function value) {
    return library.curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, value);
}
CURLcode ccurl_getinfo_long(CURL *handle, CURLINFO info, long *value) {
    return library.curl_easy_getinfo(handle, info, value);
}
CURLcode ccurl_getinfo_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return library.curl_easy_getinfo(handle, info, value);
}
CURLMcode ccurl_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
    return library.curl_multi_setopt(multi, option, value);
}
