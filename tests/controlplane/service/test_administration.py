from tests.controlplane.fakes import PASSWORD


async def test_the_password(world):
    assert world.administration.password_is(PASSWORD)
    for wrong in ("", PASSWORD + "x", PASSWORD[:-1]):
        assert not world.administration.password_is(wrong)
    world.administration.set_password("")
    assert not world.administration.password_is("")


async def test_a_session_lives_its_time_and_dies_when_closed(world):
    admin = world.administration
    token = admin.open_session(60)
    assert admin.session_is_open(token)
    assert admin.csrf(token) != admin.csrf(admin.open_session(60))
    other = admin.open_session(60)
    admin.close_session(token)
    assert not admin.session_is_open(token)
    world.clock.time += 60
    assert not admin.session_is_open(other)


async def test_forged_tokens_are_none(world):
    token = world.administration.open_session(60)
    end, nonce, mac = token.split(".")
    for forged in ("", ".", "..", f"{int(end) + 999}.{nonce}.{mac}", f"{end}.{nonce}.é", f"{nonce}.{mac}", token + "0"):
        assert not world.administration.session_is_open(forged)
        world.administration.close_session(forged)


async def test_a_new_password_ends_sessions_and_a_restart_does_not(world):
    token = world.administration.open_session(60)
    await world.restart()
    assert world.administration.session_is_open(token)
    world.administration.set_password("another digest")
    assert not world.administration.session_is_open(token)
