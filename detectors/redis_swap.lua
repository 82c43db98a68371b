-- keys[1]: a record. args: the version it is expected to have ('-' only asks), seconds to keep it, its bytes.
-- Answers the version it has now; where that is not the expected one, its bytes too, and nothing changed.
local version = redis.call('HGET', keys[1], 'version') or '0'
if version ~= args[1] then
	return {version, redis.call('HGET', keys[1], 'record')}
end
version = string.format('%.0f', tonumber(version) + 1)
redis.call('HSET', keys[1], 'version', version, 'record', args[3])
redis.call('EXPIRE', keys[1], args[2])
return {version}
