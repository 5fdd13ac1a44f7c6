"""What the platforms' hooks send: one good body of each, to be changed by who tries them."""

CORAL = {
    "action": "NEW", "comment": {"body": "I liked this.", "parentID": None}, "author": {"id": "a", "role": "COMMENTER"},
    "story": {"id": "s", "url": "https://news.example/s"}, "tenantID": "t",
}  # fmt: skip
DISCOURSE = {
    "post": {
        "id": 5, "username": "ann", "name": "Ann", "raw": "I liked this.", "topic_id": 9, "topic_slug": "bees", "post_number": 2,
        "post_type": 1, "created_at": "2026-11-24T01:02:03.456Z", "updated_at": "2026-11-24T01:02:03.456Z", "deleted_at": None,
        "version": 1, "user_deleted": False, "topic_archetype": "regular", "admin": False, "moderator": False,
    }
}  # fmt: skip
WALINE = {
    "type": "new_comment",
    "data": {"comment": {
        "objectId": "6", "nick": "Ann", "comment": "I liked this.", "ip": "192.0.2.7", "mail": "ann@b.example", "link": "https://ann.example",
        "url": "/post", "ua": "x", "pid": "5", "user_id": None, "insertedAt": "2026-11-24T01:02:03.456Z",
    }},
}  # fmt: skip
CUSDIS = {
    "type": "new_comment",
    "data": {
        "by_nickname": "a", "by_email": "a@b.example", "content": "x", "page_id": "/p", "page_title": "t",
        "approve_link": "https://cusdis.example/open/approve?token=eyJhIjoxfQ.eyJjb21tZW50SWQiOiJjMSJ9.c2ln",
    },
}  # fmt: skip
WEBMENTION = {
    "secret": "x", "source": "https://a.example/1", "target": "https://blog.example/p", "private": False, "deleted": False,
    "post": {"author": {"name": "a", "url": "https://a.example"}, "content": {"text": "x"}, "published": "2024-06-02T10:00:00Z"},
}  # fmt: skip
ARTALK = {
    "comment": {
        "id": 12, "content": "I liked this.", "nick": "Ann", "link": "https://ann.example", "ua": "x", "rid": 11,
        "page_key": "/post/", "page_url": "https://blog.example/post/", "date": "2026-11-24 01:02:03",
    },
    "parent_comment": {"id": 11, "content": "What of the bees?"},
}  # fmt: skip
REMARK42 = {"id": "a", "parent": "b", "user": "Ann", "url": "https://blog.example/p", "text": "I liked this."}
