! Successive over-relaxation for Poisson's equation on the unit square, 32 x 32 inner points.
! The value is log10 of the residual after 150 sweeps. For this grid the best omega is known:
! 2 / (1 + sin(pi / 33)) = 1.8264 (D. M. Young, 1954).
! The settings come from the environment: HPOD_PARAM_omega, HPOD_PARAM_order.
program sor
  use, intrinsic :: iso_fortran_env, only: output_unit
  implicit none
  integer, parameter :: n = 32, sweeps = 150
  real(8), parameter :: pi = acos(-1d0), h = 1d0 / (n + 1)
  real(8) :: u(0:n+1, 0:n+1), f(n, n), omega
  character(len=32) :: text, order
  integer :: i, j, sweep

  call get_environment_variable('HPOD_PARAM_omega', text)
  read (text, *) omega
  call get_environment_variable('HPOD_PARAM_order', order)
  f = reshape([((2 * pi**2 * sin(pi * i * h) * sin(pi * j * h), i = 1, n), j = 1, n)], [n, n])
  u = 0
  do sweep = 1, sweeps
    if (order == 'rows') then
      call relax(1, 0)
    else
      call relax(2, 0)
      call relax(2, 1)
    end if
    if (mod(sweep, 10) == 0) then
      write (output_unit, '(a, i0, 1x, g0)') 'hpod: report ', sweep, log10(residual())
      flush (output_unit)
    end if
  end do

contains

  ! One sweep over all points (stride 1), or over those of one colour (stride 2).
  subroutine relax(stride, colour)
    integer, intent(in) :: stride, colour
    integer :: first
    do j = 1, n
      first = merge(1, 1 + mod(j + colour, 2), stride == 1)
      do i = first, n, stride
        u(i, j) = (1 - omega) * u(i, j) + omega / 4 * &
            (u(i-1, j) + u(i+1, j) + u(i, j-1) + u(i, j+1) + h**2 * f(i, j))
      end do
    end do
  end subroutine

  real(8) function residual()
    residual = sqrt(sum((f - (4 * u(1:n, 1:n) - u(0:n-1, 1:n) - u(2:n+1, 1:n) &
        - u(1:n, 0:n-1) - u(1:n, 2:n+1)) / h**2)**2)) / n
  end function
end program
