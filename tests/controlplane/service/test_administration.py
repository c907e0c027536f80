from tests.controlplane.fakes import PASSWORD


async def test_the_password(world):
    assert world.administration.password_is(PASSWORD)
    for wrong in ("", PASSWORD + "x", PASSWORD[:-1]):
        assert not world.administration.password_is(wrong)
    world.administration.set_password("")
    assert not world.administration.password_is("")
