"""The language of the topics: messages, topics, codecs."""
